//! Drafts that are wrong in the ways that a test asks for.

use serde_json::{Value, json};

use super::{FakeModel, Settings};
use crate::harness::answers;

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// A figure that no source has.
    Figure,
    /// A figure in the title that no source has.
    Title,
    /// A phrase that no page may contain.
    Phrase,
    /// Nothing: it is another draft, and as good.
    Word,
}

impl Spoil {
    fn of(self, draft: &mut Value) {
        let sentence = |text: &str, cites: Value| json!({"text": text, "cites": cites});
        let cites = draft["title"]["cites"].clone();
        let first = draft["sections"][0]["paragraphs"][0].as_array_mut().expect("a draft has a first paragraph");
        match self {
            Self::Figure => first.push(sentence("It answers 4711 questions a minute.", cites)),
            Self::Phrase => first.push(sentence("This is a game changer.", json!([]))),
            Self::Word => first.push(sentence("The rest of this tells more.", json!([]))),
            Self::Title => {
                let title = draft["title"]["text"].as_str().expect("a draft has a title").to_owned();
                draft["title"]["text"] = format!("{title} in 9471 days").into();
            }
        }
    }
}

impl FakeModel {
    /// The next drafts are wrong in these ways, one list for each; later ones are as good as ever.
    pub(crate) fn spoils(&self, drafts: &[&[Spoil]]) {
        self.set(|s| s.spoils.extend(drafts.iter().map(|spoils| spoils.to_vec())));
    }

    /// The prompts that it was given to write drafts from, in order.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.shared.lock().prompts.clone()
    }
}

impl Settings {
    /// The answer to a drafting question.
    pub(super) fn draft(&mut self, prompt: &str) -> String {
        self.prompts.push(prompt.to_owned());
        let Some(mut draft) = answers::draft(prompt) else {
            return "There is no numbered source sentence in this prompt.".to_owned();
        };
        for spoil in self.spoils.pop_front().unwrap_or_default() {
            spoil.of(&mut draft);
        }
        draft.to_string()
    }
}
