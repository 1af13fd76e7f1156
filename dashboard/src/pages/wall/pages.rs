//! Pages that turn by themselves when there are more molds than fit.

use leptos::html::Ul;
use leptos::prelude::*;

/// So long a page is read from across a hall.
#[cfg(feature = "hydrate")]
const TURN: std::time::Duration = std::time::Duration::from_secs(12);

/// Which page is shown, of how many. On the box, and until the browser has measured, one page has all.
#[derive(Clone, Copy)]
pub(super) struct Pages {
    molds: Memo<usize>,
    /// So many fit.
    fits: RwSignal<Option<usize>>,
    page: RwSignal<usize>,
}

impl Pages {
    /// Pages of what is in a list that hides what does not fit.
    pub(super) fn turning(list: NodeRef<Ul>, molds: Memo<usize>) -> Self {
        let pages = Pages { molds, fits: RwSignal::new(None), page: RwSignal::new(0) };
        #[cfg(feature = "hydrate")]
        pages.turn(list);
        #[cfg(not(feature = "hydrate"))]
        let _ = list;
        pages
    }

    /// The first one that is shown, and how many.
    pub(super) fn shown(self) -> (usize, usize) {
        part(self.page.get(), self.molds.get(), self.fits.get())
    }

    /// For people.
    pub(super) fn told(self) -> Option<String> {
        let number = count(self.molds.get(), self.fits.get());
        (number > 1).then(|| format!("page {} of {number}", self.page.get() % number + 1))
    }

    #[cfg(feature = "hydrate")]
    fn turn(self, list: NodeRef<Ul>) {
        let measure = move || {
            // Everything is drawn, and what is out of sight is counted.
            self.fits.set(None);
            request_animation_frame(move || {
                if let Some(list) = list.get_untracked() {
                    self.fits.try_set(Some(fitting(&list).max(1)));
                }
            });
        };
        Effect::new(move |_| {
            list.track();
            // One more or less changes whether there are pages, never how many fit on one.
            if self.molds.get() > 0 && self.fits.get_untracked().is_none() {
                measure();
            }
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| measure());
        let turned =
            set_interval_with_handle(move || self.page.update(|page| *page = page.wrapping_add(1)), TURN);
        on_cleanup(move || {
            resized.remove();
            if let Ok(turned) = turned {
                turned.clear();
            }
        });
    }
}

/// How many of the list's items are whole within it.
#[cfg(feature = "hydrate")]
fn fitting(list: &web_sys::HtmlElement) -> usize {
    use wasm_bindgen::JsCast;
    let height = list.client_height();
    let mut item = list.first_element_child();
    let mut number = 0;
    while let Some(element) = item {
        let whole = element
            .dyn_ref::<web_sys::HtmlElement>()
            .is_some_and(|item| item.offset_top() + item.offset_height() <= height);
        if !whole {
            break;
        }
        number += 1;
        item = element.next_element_sibling();
    }
    number
}

fn count(molds: usize, fits: Option<usize>) -> usize {
    fits.filter(|fits| *fits > 0).map_or(1, |fits| molds.div_ceil(fits).max(1))
}

fn part(page: usize, molds: usize, fits: Option<usize>) -> (usize, usize) {
    match fits.filter(|fits| *fits > 0) {
        Some(fits) => (page % count(molds, Some(fits)) * fits, fits),
        None => (0, molds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mold_is_on_one_page_and_after_the_last_page_comes_the_first() {
        for (molds, fits) in [(0, 12), (1, 12), (12, 12), (13, 12), (300, 7)] {
            let pages = count(molds, Some(fits));
            let mut seen = vec![0; molds];
            for page in 0..pages {
                let (first, number) = part(page, molds, Some(fits));
                seen.iter_mut().skip(first).take(number).for_each(|times| *times += 1);
            }
            assert!(seen.iter().all(|times| *times == 1), "{molds} molds, {fits} a page");
            assert_eq!(part(pages, molds, Some(fits)), part(0, molds, Some(fits)));
        }
        assert_eq!(part(5, 40, None), (0, 40), "all, until the browser has measured");
    }
}
