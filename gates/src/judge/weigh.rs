//! What the judge's samples mean against the bounds.

use states::words::{JudgeScore, Layer, LayerReport, Place, Verdict};

use crate::rules::{Gathered, judge as rules, not_run};
use crate::settings::Settings;

/// What came of asking the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged<'a> {
    /// It answered once.
    Score(&'a JudgeScore),
    /// It answered several times, because the first answer was near a bound. None of them may be left out.
    Samples(&'a [JudgeScore]),
    /// It did not answer.
    NotRun {
        /// Why not.
        cause: &'a str,
    },
}

/// True where another sample should be asked for. One is enough where it lies far from both bounds, or comes from a judge that
/// says the same every time. Near a bound all samples have to agree: the first that does not settles it, since a person decides
/// then.
pub fn wants_more(samples: &[JudgeScore], settings: &Settings) -> bool {
    let bounds = &settings.judge;
    let Some(first) = samples.first() else { return true };
    let near = |total: u8| [bounds.pass, bounds.review].iter().any(|bound| total.abs_diff(*bound) < bounds.near);
    let agree = samples.iter().all(|s| side(s.total(), settings) == side(first.total(), settings));
    !first.judge.is_builtin() && near(first.total()) && agree && samples.len() < bounds.samples
}

/// On which side of the bounds a total lies.
fn side(total: u8, settings: &Settings) -> Verdict {
    match total {
        total if total >= settings.judge.pass => Verdict::Pass,
        total if total >= settings.judge.review => Verdict::Review,
        _ => Verdict::Reject,
    }
}

/// The median of several samples by total, the lower of two in the middle. `None` for none.
pub fn median(scores: &[JudgeScore]) -> Option<&JudgeScore> {
    let mut sorted: Vec<&JudgeScore> = scores.iter().collect();
    sorted.sort_by_key(|score| score.total());
    sorted.get(scores.len().saturating_sub(1) / 2).copied()
}

/// The layer's verdict: pass from the upper bound on, review from the lower, else reject. Samples on both sides of a bound go
/// to a person, and so does everything that a stand-in would let pass.
pub fn layer(judged: Judged<'_>, settings: &Settings) -> LayerReport {
    let scores = match judged {
        Judged::NotRun { cause } => return not_run(Layer::Judge, cause),
        Judged::Score(score) => std::slice::from_ref(score),
        Judged::Samples(scores) => scores,
    };
    let Some(score) = median(scores) else { return not_run(Layer::Judge, "the judge gave no sample") };
    let mut gathered = Gathered::new(Layer::Judge, settings);
    let bounds = &settings.judge;
    let total = score.total();
    let mut verdict = side(total, settings);
    for (name, points) in [
        ("total", total),
        ("grounding", score.grounding),
        ("structure", score.structure),
        ("intent", score.intent),
        ("voice", score.voice),
    ] {
        gathered.figure(name, points.into());
    }
    gathered.figure("samples", scores.len());
    let (low, high) = scores.iter().fold((100, 0), |(low, high), s| (s.total().min(low), s.total().max(high)));
    match &verdict {
        Verdict::Reject => {
            let message = format!("the judge gives {total} of 100; below {} nothing goes out", bounds.review);
            gathered.find(&rules::REJECTED, Place::Page, message).of(&score.why);
        }
        Verdict::Review => {
            let message = format!("the judge gives {total} of 100; from {} on a page passes", bounds.pass);
            gathered.find(&rules::BETWEEN, Place::Page, message).of(&score.why);
        }
        _ => {}
    }
    if side(low, settings) != side(high, settings) {
        gathered.figure("spread", usize::from(high - low));
        gathered.find(&rules::SPREAD, Place::Page, format!("the judge's samples reach from {low} to {high}"));
        verdict = Verdict::Review;
    }
    if scores.iter().any(|s| s.stand_in) {
        gathered.find(&rules::STAND_IN, Place::Page, "the built-in judge stood in for the configured one");
        verdict = Verdict::fold([verdict, Verdict::Review]);
    }
    gathered.report_as(verdict)
}
