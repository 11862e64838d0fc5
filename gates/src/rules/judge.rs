//! Layer 3: what the judge's score comes to.

use super::family;

family! { Judge:
    REJECTED = "judge/rejected", Error, "The judge's score is at least the site's lower bound.", "";
    BETWEEN = "judge/between", Warning, "The judge's score is at least the bound at which a page passes.", "A person should look.";
    SPREAD = "judge/spread", Warning, "The judge's samples agree on which side of a bound the page is.", "A person should look.";
    STAND_IN = "judge/stand-in", Warning, "The configured judge answered.", "A person should look: the built-in judge stood in.";
}
