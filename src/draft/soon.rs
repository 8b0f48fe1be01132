//! Pure. Beginnings without a date: « dès que possible », "as soon as possible".

use super::cues::Topic;
use super::roles::Scene;
use super::{Event, When, quote};

/// « Dès que possible » beside what says when the work begins.
pub(super) fn soon(scene: &Scene<'_>) -> Option<Event> {
    const SOON: &[&[&str]] = &[
        &["des", "que", "possible"],
        &["le", "plus", "rapidement", "possible"],
        &["au", "plus", "vite"],
        &["au", "plus", "tot"],
        &["rapidement"],
        &["immediatement"],
        &["immediate"],
        &["immediat"],
        &["des", "maintenant"],
        &["as", "soon", "as", "possible"],
        &["immediately"],
        &["asap"],
    ];
    for hit in scene.hits.iter().filter(|hit| hit.topic == Topic::Starting) {
        for from in hit.to..hit.to + 8 {
            let phrase = SOON.iter().find(|phrase| {
                phrase.iter().enumerate().all(|(nth, word)| scene.words.fold(from + nth) == *word)
            });
            if let Some(phrase) =
                phrase.filter(|_| scene.sentences.get(from) == scene.sentences.get(hit.from))
            {
                let words = scene.words.said(from, from + phrase.len());
                let quote = quote(scene.words, hit.from, from + phrase.len());
                return Some(Event {
                    name: None,
                    when: When::Open(words),
                    label: None,
                    quote,
                    doubts: Vec::new(),
                });
            }
        }
    }
    None
}
