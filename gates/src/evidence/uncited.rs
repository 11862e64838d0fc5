//! A sentence without citations.

use states::words::{Cite, Place, Sentence};

use super::claims::{Kind, Value};
use super::{Desk, lookup};
use crate::rules::evidence as rules;
use crate::rules::excerpt;

impl Desk<'_> {
    /// A sentence without citations may claim nothing but names that are proven elsewhere.
    pub(super) fn uncited(&mut self, order: usize, place: &Place, sentence: &Sentence) {
        let reading = self.read(&sentence.text);
        self.open_quotation(place, sentence, &reading);
        for claim in &reading.claims {
            let written = &sentence.text[claim.span.clone()];
            let proof = match &claim.value {
                Value::Name(parts) => self.known_name(parts),
                Value::Text(key) if claim.kind == Kind::Url && self.is_own(key) => continue,
                Value::Text(key) if claim.kind == Kind::Url => lookup::address(key, &[], self.library),
                _ => None,
            };
            if proof.is_none() && claim.opening {
                continue;
            }
            self.claims += 1;
            if proof.is_none() {
                let hint = self.elsewhere(claim).map(|n| format!("Sentence {n} of the sources has it: cite it."));
                let message = format!("the {} `{}` has no citation", claim.kind.in_words(), excerpt(written));
                let noted = self.gathered.find(&rules::UNCITED, place.clone(), message).of(&sentence.text);
                if let Some(hint) = hint {
                    noted.mend(hint);
                }
            }
            self.row(order, place, claim.kind.as_str(), written, proof);
        }
    }

    /// A name that a cited sentence has proven, alone or as a part of it, or that says whose text a source is.
    fn known_name(&self, parts: &[String]) -> Option<Cite> {
        let proven = self.proven_names.get(parts).or_else(|| {
            let within = self.proven_names.iter().find(|(name, _)| name.windows(parts.len()).any(|w| w == parts));
            within.map(|(_, cite)| cite)
        });
        proven
            .cloned()
            .or_else(|| self.library.sources.iter().find_map(|source| lookup::identity(parts, source.snapshot)))
    }
}
