//! Layer 2½: every claim against its source. The rules' code is in [the module `evidence`](mod@crate::evidence); this is their table.

use super::family;

family! { Evidence:
    CITE_BROKEN = "evidence/cite-broken", Error, "A citation names a range of a snapshot that the brief has.", "Cite by the numbers of the brief's sentences.";
    CITE_LONG = "evidence/cite-long", Error, "A citation names sentences, not a page.", "Cite the sentence that says it.";
    SENTENCE_LONG = "evidence/sentence-long", Error always, "A sentence is short enough to be proven.", "Make several sentences of it, each with its own citation.";
    UNCITED = "evidence/uncited", Error, "A sentence that claims something cites its source.", "Cite the sentence that says it, or leave the claim out.";
    SECTION_UNSOURCED = "evidence/section-unsourced", Error, "Every section cites at least one source.", "Cite what the section stands on, or leave it out.";
    NUMBER = "evidence/number", Error, "A number stands in the cited text, with its unit.", "Use the figure that the source has, or cite the sentence that has it.";
    PERCENT = "evidence/percent", Error, "A percentage stands in the cited text.", "Use the figure that the source has, or cite the sentence that has it.";
    MONEY = "evidence/money", Error, "An amount of money stands in the cited text, with its currency.", "Use the amount that the source has, or cite the sentence that has it.";
    VERSION = "evidence/version", Error, "A version stands in the cited text.", "Use the version that the source has, or cite the sentence that has it.";
    DATE = "evidence/date", Error, "A date stands in the cited text.", "Use the date that the source has, or cite the sentence that has it.";
    QUOTATION = "evidence/quotation", Error, "A quotation stands in the cited text, word for word.", "Quote exactly, or take the quotation marks away and say it in your own words.";
    QUOTATION_OPEN = "evidence/quotation-open", Warning, "Quotation marks come in pairs, or what they open is quoted to its end.", "Close the quotation.";
    URL = "evidence/url", Error, "An address in the text is one that the sources name.", "Take it out.";
    NAME = "evidence/name", Error, "A name stands in the cited text or in its source's title, author or address.", "Use the name that the source has, or cite the sentence that has it.";
    NAME_OPENING = "evidence/name-opening", Warning, "A capitalised word at the beginning of a sentence, where it may be a name, stands in the cited text.", "Use the name that the source has.";
    CODE = "evidence/code", Error, "A block of code stands in its source, line by line.", "Take the code from a source and cite it.";
    CONTEXT = "evidence/context", Error, "A figure is used for what the source uses it for.", "Say what the source says of this figure.";
    ATTACHED = "evidence/attached", Error, "A figure belongs to the words that it belongs to in the source, and is not swapped with another.", "Look at which figure the source gives for this.";
    BOUND = "evidence/bound", Error, "`More than` and `less than` are not exchanged.", "Keep the source's bound.";
    BOUND_LOST = "evidence/bound-lost", Warning, "A bound in the source (`up to`, `at least`) is kept.", "Keep the source's bound.";
    DATED_AFTER = "evidence/dated-after", Error, "Nothing is told as past that lies after its source's own date.", "Say that it is planned, or cite a later source.";
    COPIED = "evidence/copied", Error, "No run of words longer than allowed stands as in a source without quotation marks.", "Say it in your own words, or quote it.";
    SUPPORT = "evidence/support", Error, "Enough of a sentence's words stand in the text it cites.", "Stay closer to the source, or cite the sentence that says it.";
    NEGATION = "evidence/negation", Error, "What the source denies is not affirmed, and what it affirms is not denied.", "Say it as the source does.";
    OPPOSITE = "evidence/opposite", Error, "A sentence does not say the opposite of its source (rose and fell, faster and slower).", "Say it as the source does.";
}
