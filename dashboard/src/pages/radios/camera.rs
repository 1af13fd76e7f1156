//! The browser's camera, and the codes that it sees. Pictures never leave the browser.

use std::time::Duration;

use leptos::html;
use leptos::leptos_dom::helpers::{IntervalHandle, set_interval_with_handle};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::js_sys::{Object, Reflect};
use web_sys::{
    CanvasRenderingContext2d, DomException, HtmlCanvasElement, HtmlVideoElement, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

/// So often a picture is looked at.
const EVERY: Duration = Duration::from_millis(200);
/// So wide it is looked at, in pixels: a label's code has 21 modules a side.
const WIDTH: u32 = 480;

/// Without a secure origin the browser has none.
pub(super) fn has_camera() -> bool {
    devices().is_some()
}

fn devices() -> Option<MediaDevices> {
    let devices = window().navigator().media_devices().ok()?;
    // Older browsers have nothing there, and the binding does not say so.
    (!devices.is_undefined()).then_some(devices)
}

/// While `looks`, shows what the camera sees and tells `saw` the text of each code, until that is content.
pub(super) fn look_while(
    looks: Memo<bool>,
    video: NodeRef<html::Video>,
    saw: impl Fn(&str) -> bool + Copy + 'static,
    failed: impl Fn(String) + Copy + 'static,
) {
    let open = StoredValue::new_local(None::<Open>);
    let close = move || {
        if let Some(Some(former)) = open.try_update_value(Option::take) {
            former.close();
        }
    };
    Effect::new(move |_| {
        close();
        if !looks.get() {
            return;
        }
        let Some(video) = video.get() else { return };
        spawn_local(async move {
            match camera().await {
                // The person may have closed it while the browser asked them.
                Ok(stream) if looks.try_get_untracked() == Some(true) => {
                    match Open::begin(stream, video, saw) {
                        Ok(opened) => _ = open.try_update_value(|open| *open = Some(opened)),
                        Err(why) => failed(told(&why)),
                    }
                }
                Ok(stream) => stop(&stream),
                Err(why) => failed(told(&why)),
            }
        });
    });
    on_cleanup(close);
}

/// The camera that looks away from the person, if there are two.
async fn camera() -> Result<MediaStream, JsValue> {
    let devices = devices().ok_or(JsValue::NULL)?;
    let facing = Object::new();
    Reflect::set(&facing, &"facingMode".into(), &"environment".into())?;
    let wanted = MediaStreamConstraints::new();
    wanted.set_video(&facing);
    wanted.set_audio(&JsValue::FALSE);
    let stream = devices.get_user_media_with_constraints(&wanted)?;
    Ok(wasm_bindgen_futures::JsFuture::from(stream).await?.unchecked_into())
}

/// An open camera.
struct Open {
    stream: MediaStream,
    looking: IntervalHandle,
}

impl Open {
    fn begin(
        stream: MediaStream,
        video: HtmlVideoElement,
        saw: impl Fn(&str) -> bool + 'static,
    ) -> Result<Self, JsValue> {
        video.set_src_object(Some(&stream));
        let _ = video.play()?;
        let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
        let pencil: CanvasRenderingContext2d =
            canvas.get_context("2d")?.ok_or(JsValue::NULL)?.unchecked_into();
        let look = move || {
            if let Ok(Some(text)) = code(&video, &canvas, &pencil) {
                saw(&text);
            }
        };
        let looking = set_interval_with_handle(look, EVERY)?;
        Ok(Open { stream, looking })
    }

    fn close(self) {
        self.looking.clear();
        stop(&self.stream);
    }
}

fn stop(stream: &MediaStream) {
    for track in stream.get_tracks() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
}

/// The text of a code in the present picture.
fn code(
    video: &HtmlVideoElement,
    canvas: &HtmlCanvasElement,
    pencil: &CanvasRenderingContext2d,
) -> Result<Option<String>, JsValue> {
    let (seen_width, seen_height) = (video.video_width(), video.video_height());
    if seen_width == 0 || seen_height == 0 {
        return Ok(None);
    }
    let width = seen_width.min(WIDTH);
    let height = seen_height * width / seen_width;
    canvas.set_width(width);
    canvas.set_height(height);
    pencil.draw_image_with_html_video_element_and_dw_and_dh(
        video,
        0.0,
        0.0,
        f64::from(width),
        f64::from(height),
    )?;
    let pixels = pencil.get_image_data(0.0, 0.0, f64::from(width), f64::from(height))?.data().0;
    let (columns, rows) = (width as usize, height as usize);
    let grey = |x: usize, y: usize| {
        // Green tells light from dark well enough.
        pixels.get((y * columns + x) * 4 + 1).copied().unwrap_or(u8::MAX)
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(columns, rows, grey);
    let codes = picture.detect_grids();
    Ok(codes.into_iter().find_map(|code| Some(code.decode().ok()?.1)))
}

/// Why there is no picture, for people.
fn told(why: &JsValue) -> String {
    let name = why.dyn_ref::<DomException>().map(DomException::name);
    match name.as_deref() {
        Some("NotAllowedError") => "The browser may not use the camera.",
        Some("NotFoundError" | "OverconstrainedError") => "There is no camera.",
        Some("NotReadableError") => "Another program uses the camera.",
        _ => "The camera does not start.",
    }
    .to_owned()
}
