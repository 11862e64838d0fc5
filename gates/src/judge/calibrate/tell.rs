//! A calibration in words.

use std::fmt::Write as _;

use states::words::SiteName;

use super::{Agreement, Calibration, Decision, FEW, Judge, Row};
use crate::rules::excerpt;

/// The one line that a proposal of a site may name: how this judge agreed with people. `None` for another judge, another prompt,
/// figures of another site, or too few cases.
pub fn record_line(calibration: &Calibration, judge: &Judge, site: &SiteName) -> Option<String> {
    if calibration.site.as_ref().is_some_and(|of| of != site) {
        return None;
    }
    let of = calibration.judges.iter().find(|of| of.judge == *judge).filter(|of| of.agreement.decided >= FEW)?;
    let since = calibration.since.map(|at| format!("from {} ", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    Some(format!(
        "This judge agreed with people in {} of {} cases{} ({since}until {}).",
        of.agreement.agreed,
        of.agreement.decided,
        if calibration.site.is_some() { " of this site" } else { "" },
        calibration.made.strftime("%Y-%m-%d")
    ))
}

/// The whole calibration.
pub fn text(calibration: &Calibration) -> String {
    let all = &calibration.all;
    let since = calibration.since.map(|at| format!(" since {}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    let site = calibration.site.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let mut out = format!(
        "{}{site}{since}, as of {}\n",
        counted(all.decided, "verdict that a person has decided on", "verdicts that people have decided on"),
        calibration.made.strftime("%Y-%m-%d")
    );
    let _ = match calibration.bounds {
        Some(bounds) => writeln!(out, "Bounds now: {} passes, {} goes to a person", bounds.pass, bounds.review),
        None if all.decided > 0 => writeln!(out, "Bounds: each site's own, as they are now"),
        None => Ok(()),
    };
    let undecided = calibration.undecided;
    if undecided.unseen > 0 {
        let _ = writeln!(
            out,
            "{} rejected by the judge and never seen by a person: whether that was right is not known",
            counted(undecided.unseen, "page was", "pages were")
        );
    }
    if undecided.waiting > 0 {
        let _ = writeln!(out, "{} undecided", counted(undecided.waiting, "verdict is", "verdicts are"));
    }
    if calibration.mixed > 0 {
        let _ = writeln!(
            out,
            "{} samples of several judges: counted here, and in no judge's own figures",
            counted(calibration.mixed, "of these has", "of these have")
        );
    }
    if all.decided == 0 {
        out.push_str(
            "\nNothing can be said yet: it needs pages that were judged and then merged, closed or sent back.\n",
        );
        return out;
    }
    agreement(&mut out, all);
    if calibration.judges.len() > 1 {
        out.push('\n');
        for of in &calibration.judges {
            let _ = writeln!(out, "{}: {}", name(&of.judge), one_line(&of.agreement));
        }
    } else if let [of] = calibration.judges.as_slice() {
        let _ = writeln!(out, "\nAll by {}", name(&of.judge));
    }
    out.push_str("\nNo bound is moved by this. `gate.judge` in the configuration holds them.\n");
    out
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn name(judge: &Judge) -> String {
    let prompt = judge.prompt.map(|n| format!(", prompt {n}")).unwrap_or_default();
    format!("{}/{}{prompt}", excerpt(&judge.provider), excerpt(&judge.model))
}

fn agreement(out: &mut String, of: &Agreement) {
    out.push('\n');
    table(out, of);
    let _ =
        writeln!(out, "\nAgreed: {} of {} (what passes was accepted, what does not was not)", of.agreed, of.decided);
    let score = |mean: Option<f64>| mean.map_or_else(|| "none".to_owned(), |mean| format!("{mean:.1}"));
    let _ = writeln!(out, "Mean score: accepted {}, not accepted {}", score(of.mean_accepted), score(of.mean_refused));
    if let Some(spread) = of.mean_spread {
        let cases = counted(of.sampled, "verdict", "verdicts");
        let _ = writeln!(out, "Samples of one page lie {spread:.1} points apart on average ({cases} with several)");
    }
    if of.decided < FEW {
        let _ = writeln!(
            out,
            "\nToo little to measure agreement: {} decided, {FEW} are needed. The counts above are all that is known.",
            of.decided
        );
        return;
    }
    if of.auc.is_none() {
        let all = if of.accepted == 0 { "nothing" } else { "everything" };
        let _ = writeln!(out, "\nPeople accepted {all}: whether the score tells good from bad cannot be measured.");
        return;
    }
    match of.kappa {
        Some(kappa) => {
            let _ = writeln!(out, "Kappa: {kappa:.2} (0 is chance, 1 is full agreement)");
        }
        None => out.push_str("Kappa: cannot be measured, the judge says the same of all\n"),
    }
    if let Some(auc) = of.auc {
        let _ =
            writeln!(out, "An accepted page has the higher score in {:.0} % of pairs (50 % is chance)", auc * 100.0);
    }
    let mut parts: Vec<(&String, &f64)> = of.parts.iter().collect();
    parts.sort_by(|a, b| b.1.total_cmp(a.1));
    let parts: Vec<String> =
        parts.iter().map(|(name, auc)| format!("{} {:.0} %", excerpt(name), *auc * 100.0)).collect();
    let _ = writeln!(out, "The same by part, the best first: {}", parts.join(", "));
    if let Some(best) = of.best {
        let _ = writeln!(
            out,
            "For information: an upper bound of {} would have agreed in {} of {}; a lower bound above {} would have rejected what \
             people accepted",
            best.pass, best.agreed, of.decided, best.lowest_accepted
        );
    }
}

fn one_line(of: &Agreement) -> String {
    let kappa = of.kappa.map(|kappa| format!(", kappa {kappa:.2}")).unwrap_or_default();
    let auc = of.auc.map(|auc| format!(", higher in {:.0} % of pairs", auc * 100.0)).unwrap_or_default();
    let few = if of.decided < FEW { "; too little to measure" } else { "" };
    let mean = |mean: Option<f64>| mean.map_or_else(|| "none".to_owned(), |mean| format!("{mean:.1}"));
    format!(
        "agreed in {} of {}{kappa}{auc}; mean {} accepted, {} not{few}",
        of.agreed,
        of.decided,
        mean(of.mean_accepted),
        mean(of.mean_refused)
    )
}

fn table(out: &mut String, of: &Agreement) {
    let columns: Vec<Decision> = Decision::ALL
        .into_iter()
        .filter(|d| {
            [&of.confusion.pass, &of.confusion.review, &of.confusion.reject].iter().any(|row| row.contains_key(d))
        })
        .collect();
    let _ = write!(out, "  {:<16}", "the judge says");
    for column in &columns {
        let _ = write!(out, "  {}", column.word());
    }
    out.push('\n');
    let mut row = |name: &str, cells: &Row| {
        let _ = write!(out, "  {name:<16}");
        for column in &columns {
            let n = cells.get(column).copied().unwrap_or_default();
            let _ = write!(out, "  {n:>width$}", width = column.word().len());
        }
        out.push('\n');
    };
    row("pass", &of.confusion.pass);
    row("review", &of.confusion.review);
    row("reject", &of.confusion.reject);
}
