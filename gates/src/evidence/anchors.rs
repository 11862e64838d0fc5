//! Anchors: which words of a sentence belong to which of its values.

use std::collections::BTreeSet;

use super::claims::Claim;
use super::tokens::{Class, Token};

/// Gives every word to the value of each group that it stands with: that of its own clause, else of the next clause that has
/// one, else of the one before. Clauses end at punctuation and at `and`, `but`, `while`, `whereas`.
pub(super) fn attach(text: &str, tokens: &[Token], claims: &mut [Claim]) {
    let inside = |i: usize| claims.iter().any(|c| c.tokens.contains(&i));
    let clauses = clauses(tokens, claims);
    let words: Vec<(usize, Vec<String>)> = tokens
        .iter()
        .enumerate()
        .filter(|(i, token)| !inside(*i) && !token.stems.is_empty() && token.span.end <= text.len())
        .map(|(i, token)| (clauses[i], token.stems.clone()))
        .collect();
    let groups: Vec<(String, usize)> = claims.iter().map(|c| (c.value.group(), clauses[c.tokens.start])).collect();
    for (n, claim) in claims.iter_mut().enumerate() {
        let (group, own) = &groups[n];
        let with: BTreeSet<usize> = groups.iter().filter(|(g, _)| g == group).map(|(_, c)| *c).collect();
        for (clause, stems) in &words {
            let home = match with.contains(clause) {
                true => Some(*clause),
                false => with.range(clause..).next().or_else(|| with.range(..clause).next_back()).copied(),
            };
            if home == Some(*own) {
                claim.anchors.extend(stems.iter().cloned());
            }
        }
    }
}

/// The clause of each token. Clauses end at punctuation and at `and`, `but`, `while`, `whereas`, unless a claim goes on there.
pub(super) fn clauses(tokens: &[Token], claims: &[Claim]) -> Vec<usize> {
    let mut inside = vec![false; tokens.len()];
    claims.iter().flat_map(|c| c.tokens.clone()).for_each(|i| inside[i] = true);
    let mut clause = 0usize;
    let ends = |(i, token): (usize, &Token)| {
        let mark = token.class == Class::Mark
            && matches!(token.lower.as_str(), "," | ";" | ":" | "(" | ")" | "—" | "–" | "|" | "." | "!" | "?");
        let word = matches!(token.lower.as_str(), "and" | "but" | "while" | "whereas" | "und" | "aber");
        clause += usize::from((mark || word) && !inside[i]);
        clause
    };
    tokens.iter().enumerate().map(ends).collect()
}
