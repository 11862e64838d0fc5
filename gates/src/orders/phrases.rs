//! The turns of phrase that give orders to a model.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold::folded;

/// Where a phrase may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Wherever it stands.
    Anywhere,
    /// At the beginning of a sentence, or behind a colon.
    Opens,
    /// Where somebody is asked to do something: behind a mark, `and`, `please`, `must` and the like.
    Asks,
}

/// Words in their order, with so many other words between two of them at most; fillers and marks are not counted.
pub(super) struct Phrase {
    pub(super) what: &'static str,
    pub(super) stand: Stand,
    pub(super) parts: Vec<Part>,
}

/// One of the words of a phrase, and how many other words may stand before it.
pub(super) struct Part {
    pub(super) gap: usize,
    pub(super) words: Vec<String>,
}

/// Words that may stand between any two others.
pub(super) const FILLERS: [&str; 12] =
    ["a", "an", "the", "of", "all", "any", "now", "large", "very", "no", "longer", "this"];

/// So many fillers and marks may stand in one gap. Without a bound each of a million `this` would be read to the end.
pub(super) const MOST_FILLERS: usize = 8;

/// People who work with models: a word to these is not one to a model.
pub(super) const PEOPLE: [&str; 16] = [
    "user*",
    "developer*",
    "author*",
    "builder*",
    "engineer*",
    "operator*",
    "maintainer*",
    "owner*",
    "vendor*",
    "provider*",
    "team*",
    "company",
    "companies",
    "product*",
    "startup*",
    "researcher*",
];

/// Who writes about orders uses one of these words for them.
pub(super) const ABOUT: [&str; 14] = [
    "attack*",
    "injection*",
    "jailbreak*",
    "phrase*",
    "payload*",
    "exploit*",
    "technique*",
    "trick*",
    "vulnerab*",
    "malicious*",
    "example*",
    "string*",
    "prefix*",
    "researcher*",
];

/// Marks of chat templates, of fake turns and of our own boundary, in text without spaces.
pub(super) const MARKS: [&str; 19] = [
    "<|im_",
    "<|system",
    "<|user",
    "<|assistant",
    "<|end",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "<system>",
    "</system>",
    "</user>",
    "</assistant>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<<data",
    "<</data",
    "\"role\":\"system",
    "\"role\":\"assistant",
    "###system",
];

/// Letters with a space between each, in which word ends are lost.
pub(super) const SPELLED: [&str; 6] =
    ["ignoreall", "ignoreprev", "disregard", "systemprompt", "previousinstr", "instructions"];

const OVERRIDE: &str = "it asks for instructions to be ignored";
pub(super) const ADDRESS: &str = "it speaks to a model";
const ROLE: &str = "it plays a turn of a conversation with a model";
/// A turn that is played by its name alone. In code such a name is a key.
pub(super) const TURN: &str = "it plays a turn of a conversation";
pub(super) const OUTPUT: &str = "it says what is to be written";
pub(super) const SCORE: &str = "it asks for a score";
const GATE: &str = "it asks for checks to be left out";
const SECRET: &str = "it asks for a prompt or secrets";

use Stand::{Anywhere, Asks, Opens};

/// What is asked, where it may stand, the gap, and the words: parts divided by ` / `, a `~` where the gap is none.
const TABLE: [(&str, Stand, usize, &str); 65] = [
    (
        OVERRIDE,
        Anywhere,
        4,
        "ignore disregard forget override bypass neglect discard abandon ignoring disregarding / previous prior above earlier preceding foregoing all any your these those existing original system safety everything / instruction* prompt* guideline* guardrail* programming training safeguards",
    ),
    (OVERRIDE, Anywhere, 3, "ignore disregard forget / instruction* guideline* / above before previously earlier"),
    (
        OVERRIDE,
        Anywhere,
        2,
        "ignore disregard forget override bypass / previous prior above earlier preceding foregoing your / rules orders directions commands constraints context polic* directive*",
    ),
    (
        OVERRIDE,
        Asks,
        2,
        "ignore disregard forget / everything anything all what / above before previously earlier told said",
    ),
    (
        OVERRIDE,
        Anywhere,
        2,
        "not never stop cease refuse / follow following obey obeying / previous prior your earlier above system original / instruction* prompt* rules orders guideline* directions",
    ),
    (
        ADDRESS,
        Opens,
        2,
        "note message memo notice attention reminder hint psa attn warning / ~ to for / ai llm llms assistant assistants chatbot chatbots bot bots summarizer* summariser* gpt* chatgpt claude gemini copilot crawler* language model models agent agents / : , .",
    ),
    (
        ADDRESS,
        Opens,
        1,
        "note message memo notice attention reminder hint psa attn warning / ~ : , / ~ ai llm llms assistant assistants chatbot chatbots bot bots summarizer* summariser* gpt* chatgpt claude gemini copilot crawler* language model models agent agents / :",
    ),
    (
        ADDRESS,
        Opens,
        1,
        "dear hey hello attention attn psa / ~ ai llm llms assistant assistants chatbot chatbots bot bots summarizer* summariser* gpt* chatgpt claude gemini copilot crawler* language model models agent agents / : , .",
    ),
    (
        ADDRESS,
        Anywhere,
        0,
        "if when since because as / you youre / are are an as / ai llm chatbot assistant automated bot language summarizer summariser",
    ),
    (
        ADDRESS,
        Anywhere,
        0,
        "you youre / are now as / ai llm chatbot assistant dan bot jailbroken unrestricted unfiltered uncensored",
    ),
    (ADDRESS, Anywhere, 0, "you youre / are / editor judge reviewer grader evaluator / of who and for now in"),
    (
        ADDRESS,
        Anywhere,
        2,
        "ai llm llms language assistants models model agents agent bots bot assistant chatbot summarizer* summariser* / reading processing summarizing summarising parsing indexing visiting scraping reads read sees see processes process summarizes summarises summarize summarise / this these / ~ page article text post document message content site website sentence paragraph comment : , . must should shall",
    ),
    (
        ADDRESS,
        Anywhere,
        2,
        "ai llm llms language assistants agents bots summarizer* summariser* / must should shall are / instructed required told include mention add append link write output print recommend",
    ),
    (
        ADDRESS,
        Anywhere,
        2,
        "instruction* message note / ~ to for / ai llm assistant chatbot summarizer model bot / reading writing summarizing summarising processing",
    ),
    (
        ADDRESS,
        Asks,
        1,
        "when while before after once as whenever / you / write summarize summarise draft generate compose produce rewrite judge score rate / draft article summary post story text page answer response report piece",
    ),
    (
        TURN,
        Opens,
        0,
        "system assistant / : / you your youre sure certainly ok okay obey comply respond reply answer pretend",
    ),
    (TURN, Opens, 1, "system assistant / ~ : / you must"),
    (TURN, Anywhere, 0, "assistant / : / sure certainly okay"),
    (ROLE, Opens, 0, "new updated real actual true revised / instruction* task orders prompt directive* / :"),
    (ROLE, Anywhere, 1, "your / new real only actual true / task job goal objective mission / is : will"),
    (
        ROLE,
        Opens,
        1,
        "begin end start beginning / source untrusted prompt instruction* system context data document / new system user : . trusted",
    ),
    (ROLE, Anywhere, 2, "from / now / on / act respond answer speak reply obey pretend"),
    (ROLE, Asks, 4, "act pretend behave roleplay / editor judge reviewer dan jailbroken unrestricted grader evaluator"),
    (ROLE, Anywhere, 1, "dan god jailbreak unrestricted / mode / enabled activated on active engaged"),
    (
        OUTPUT,
        Asks,
        8,
        "print output reply respond answer say write append add include insert put repeat return emit mention place embed prepend start begin end finish close use copy echo / to in into at as with of / ~ title headline article draft summary conclusion paragraph front",
    ),
    (
        OUTPUT,
        Asks,
        8,
        "print output reply respond answer say write append add include insert put repeat return emit mention place embed prepend start begin end finish close use copy echo / to in into at as with of / ~ your every each / answer response reply output text summary article",
    ),
    (
        OUTPUT,
        Asks,
        5,
        "make set change replace turn rename / title headline description summary draft article tags / to into say read with : be",
    ),
    (OUTPUT, Asks, 1, "reply respond answer speak / only exclusively solely just exactly nothing verbatim"),
    (
        OUTPUT,
        Asks,
        6,
        "print output say write return repeat echo emit type / exactly verbatim nothing solely word token marker phrase",
    ),
    (
        OUTPUT,
        Asks,
        2,
        "print output say repeat echo emit write / following / sentence word text string token phrase line link",
    ),
    (
        OUTPUT,
        Asks,
        8,
        "include insert add mention put quote append embed link cite recommend promote advertise / readers draft article summary verbatim prominently",
    ),
    (
        OUTPUT,
        Asks,
        3,
        "tell advise urge direct send point / readers reader everyone people audience / to that visit go",
    ),
    (
        OUTPUT,
        Asks,
        3,
        "include insert add put embed load render show append link / image img iframe script shortcode markdown html link url tag canary alias* / http https src canary",
    ),
    (
        OUTPUT,
        Anywhere,
        3,
        "your / answer response reply output article draft summary / must should shall has needs / contain include begin start end mention be have",
    ),
    (OUTPUT, Anywhere, 1, "your / final correct only right / answer output response article draft / is : must should"),
    (OUTPUT, Anywhere, 1, "final correct only right / answer output response article draft / ~ is must / ~ :"),
    (OUTPUT, Opens, 0, "final / answer response article draft / :"),
    (OUTPUT, Opens, 2, "summarize summarise / like as with in if"),
    (OUTPUT, Asks, 0, "always / say claim answer"),
    (OUTPUT, Asks, 1, "start begin end finish / summary article draft answer / with by"),
    (
        SCORE,
        Asks,
        4,
        "output give assign award set return report / score scores rating grade points marks relevance grounding 100",
    ),
    (
        SCORE,
        Asks,
        1,
        "score rate grade / this it article text page draft post item piece story lead source / 100 10 full maximum highest perfect top high as with at a",
    ),
    (
        SCORE,
        Anywhere,
        3,
        "this / article text page draft post item piece story / deserves earns gets must should scores / ~ 100 full maximum highest perfect / ~ marks score* points rating* grade* 100 10",
    ),
    (SCORE, Anywhere, 3, "this / article text page draft post item piece story / deserves earns / ~ 100 10"),
    (
        SCORE,
        Anywhere,
        1,
        "judge* grader* evaluator* reviewer* / must should shall : / give award assign score pass accept approve output",
    ),
    (GATE, Anywhere, 2, "quality / gate gates / off disabled waived skipped unnecessary open"),
    (
        GATE,
        Asks,
        1,
        "skip bypass omit disable / human editorial manual quality editor* further / review gate gates check checks approval moderation",
    ),
    (
        GATE,
        Anywhere,
        4,
        "pre preapproved already / approved reviewed verified cleared item article text content / owner editor editors desk publisher admin administrator",
    ),
    (GATE, Anywhere, 1, "approve accept merge / publish / at immediately now without once it"),
    (
        GATE,
        Asks,
        2,
        "publish merge approve / it this at article draft page without / once immediately review checks checking",
    ),
    (
        SECRET,
        Asks,
        2,
        "print reveal show output leak send expose repeat disclose tell dump display list / your system hidden initial original secret / prompt instruction* rules guideline*",
    ),
    (
        SECRET,
        Asks,
        2,
        "print reveal output leak expose disclose dump exfiltrate / your every / api secret* password* credential* key keys token* environment",
    ),
    (OUTPUT, Anywhere, 3, "decode decrypt deobfuscate base64 rot13 unscramble decipher / follow obey comply"),
    (OUTPUT, Anywhere, 2, "follow obey execute / hidden encoded embedded secret / instruction* orders message"),
    (OVERRIDE, Anywhere, 5, "ignorier* vergiss vergessen missacht* / anweisung* instruktion* vorgabe* befehl* regeln"),
    (
        OVERRIDE,
        Anywhere,
        5,
        "ignorez oublie oubliez ignore / instruction* consigne* directives / precedentes precedente ci anterieures",
    ),
    (
        OVERRIDE,
        Anywhere,
        5,
        "ignora ignore ignorad olvida olvide descarta omite / instruccion* indicacion* ordenes istruzion* direttiv* instruco*",
    ),
    (
        OVERRIDE,
        Anywhere,
        5,
        "ignore desconsidere esqueca dimentica ignorate / instruco* instruccion* istruzion* ordens regras",
    ),
    (OVERRIDE, Anywhere, 5, "negeer vergeet / instructies opdrachten aanwijzingen regels"),
    (OVERRIDE, Anywhere, 5, "zignoruj ignoruj* zapomnij pomin zapomen / instrukc* polece* wytyczn* pokyn*"),
    (OVERRIDE, Anywhere, 5, "ignorera ignorer glom glem unohda ohita / instruktion* instruks* anvisning* ohje*"),
    (
        OVERRIDE,
        Anywhere,
        5,
        "игнорируй* проигнорируй* забудь* ігноруй* / инструкц* указан* інструкц* вказівк* команд* правил*",
    ),
    (OVERRIDE, Anywhere, 3, "bo / qua / huong chi lenh"),
    (OVERRIDE, Anywhere, 4, "talimat* / yoksay* gormezden unut* yok"),
    (OVERRIDE, Anywhere, 5, "abaikan lupakan / instruksi* perintah* arahan*"),
];

/// For writing without spaces between words: one of the verbs and one of the nouns, anywhere.
const UNSPACED: [(&str, &str); 8] = [
    ("忽略 无视 忘记 忘掉 無視 忽視", "指令 指示 提示词 命令 說明 先前"),
    ("無視 忘れ", "指示 命令 プロンプト"),
    ("무시 잊어", "지시 명령 프롬프트 지침"),
    ("अनदेखा नज़रअंदाज़ नजरअंदाज उपेक्षा", "निर्देश आदेश"),
    ("تجاهل", "تعليمات أوامر الأوامر"),
    ("התעלם התעלמו", "הוראות ההוראות"),
    ("เพิกเฉย ละเว้น ไม่ต้องสนใจ", "คำสั่ง คำแนะนำ"),
    ("نادیده", "دستور"),
];

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(folded).collect()
}

pub(super) static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let of = |(what, stand, gap, text): &(&'static str, Stand, usize, &str)| {
        let part = |text: &str| match text.strip_prefix("~ ") {
            Some(text) => Part { gap: 0, words: words(text) },
            None => Part { gap: *gap, words: words(text) },
        };
        Phrase { what, stand: *stand, parts: text.split(" / ").map(part).collect() }
    };
    TABLE.iter().map(of).collect()
});

pub(super) static PAIRS: LazyLock<Vec<(Vec<String>, Vec<String>)>> =
    LazyLock::new(|| UNSPACED.iter().map(|(verbs, nouns)| (words(verbs), words(nouns))).collect());

/// So many characters of a first word find the phrases that it may open.
const HEAD: usize = 2;

/// The phrases that a word may open, so that most words cost one look.
pub(super) fn opening(word: &str) -> Option<&'static Vec<usize>> {
    static OPENINGS: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
        let mut all: HashMap<String, Vec<usize>> = HashMap::new();
        for (n, phrase) in PHRASES.iter().enumerate() {
            for word in &phrase.parts[0].words {
                let known = all.entry(word.chars().take(HEAD).collect()).or_default();
                if known.last() != Some(&n) {
                    known.push(n);
                }
            }
        }
        all
    });
    OPENINGS.get(&word.chars().take(HEAD).collect::<String>())
}
