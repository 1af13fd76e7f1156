//! The files of the site, inside the program. Their names change with their content, so browsers keep them for good.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use dashboard::app::SiteManifest;
use rust_embed::RustEmbed;

/// What the bundler made. A program built without it serves pages without script and style.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The names that pages refer to.
pub(super) fn manifest() -> Arc<SiteManifest> {
    static MANIFEST: LazyLock<Arc<SiteManifest>> = LazyLock::new(|| {
        let manifest = Site::get("manifest.json").and_then(|file| serde_json::from_slice(&file.data).ok());
        if manifest.is_none() {
            tracing::warn!("this program was built without the dashboard's script and style");
        }
        Arc::new(manifest.unwrap_or_default())
    });
    Arc::clone(&MANIFEST)
}

/// A file by its name; compressed where the bundler did so and the browser takes it.
pub(super) async fn serve(request: HttpRequest) -> HttpResponse {
    let name = request.match_info().query("file");
    // What has no hash in its name is for the program, not for browsers.
    if name.ends_with(".br") || name == "manifest.json" {
        return HttpResponse::NotFound().finish();
    }
    let compressed = takes_brotli(request.headers()).then(|| Site::get(&format!("{name}.br"))).flatten();
    let is_compressed = compressed.is_some();
    let Some(file) = compressed.or_else(|| Site::get(name)) else {
        return HttpResponse::NotFound().finish();
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type(mime_guess::from_path(name).first_or_octet_stream().as_ref())
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"));
    if is_compressed {
        response.insert_header((header::CONTENT_ENCODING, "br"));
    }
    match file.data {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    }
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).filter_map(|value: &HeaderValue| value.to_str().ok()).any(
        |value| {
            value.split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let weight = |part: &str| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
                parts.next() == Some("br") && !parts.any(|part| weight(part).is_some_and(|q| q <= 0.0))
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_goes_only_to_those_who_take_it() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_brotli(&headers)
        };
        assert!(takes("gzip, deflate, br, zstd"));
        assert!(takes("br;q=0.5"));
        assert!(!takes("br;q=0"));
        assert!(!takes("gzip"));
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
