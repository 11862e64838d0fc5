//! A judge that says something else each time it is asked must not be a way to get published by luck.

use gates::judge::{self, Judged};
use gates::settings::Settings;
use states::words::{JudgeScore, Verdict, Writer};

/// Drafts, and how often each is judged.
const DRAFTS: u64 = 200;
const DRAWS: u64 = 20;

/// Even numbers in [0, 1) from a seed (SplitMix64, by G. Steele et al.).
struct Even(u64);

impl Even {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A normal deviate: twelve even ones, less six, have a variance of one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn score(total: f64) -> JudgeScore {
    let total = total.round().clamp(0.0, 100.0) as u8;
    let grounding = total.min(30);
    let structure = (total - grounding).min(25);
    let intent = (total - grounding - structure).min(25);
    let voice = total - grounding - structure - intent;
    let judge = Writer { provider: "box".into(), model: "m".into(), family: "other".into() };
    JudgeScore { grounding, structure, intent, voice, why: "Because.".into(), judge, stand_in: false }
}

/// The verdict of a judge whose opinion of a draft is `worth` and whose answers scatter by `noise` points; and the answers.
fn verdict(worth: f64, noise: f64, even: &mut Even, settings: &Settings) -> (Verdict, usize) {
    let mut samples = Vec::new();
    while judge::wants_more(&samples, settings) {
        samples.push(score(worth + noise * even.normal()));
    }
    (judge::layer(Judged::Samples(&samples), settings).verdict, samples.len())
}

/// What came of `DRAFTS` × `DRAWS` judgements: unworthy ones that passed, all, and answers asked for.
fn judged(noise: f64, settings: &Settings) -> (u64, u64, usize) {
    let mut even = Even(7);
    let (mut flips, mut passes, mut answers) = (0, 0, 0);
    for _ in 0..DRAFTS {
        let worth = 55.0 + 35.0 * even.next();
        for _ in 0..DRAWS {
            let (verdict, asked) = verdict(worth, noise, &mut even, settings);
            answers += asked;
            let passed = verdict == Verdict::Pass;
            passes += u64::from(passed);
            flips += u64::from(passed && worth < f64::from(settings.judge.pass));
        }
    }
    (flips, passes, answers)
}

#[test]
fn a_noisy_judge_lets_at_most_one_in_a_hundred_pass_by_luck() {
    let settings = Settings::default();
    for noise in [2.0, 4.0, 6.0] {
        let (flips, passes, answers) = judged(noise, &settings);
        let all = DRAFTS * DRAWS;
        assert!(flips * 100 <= all, "{flips} of {all} flipped to publish at {noise} points of noise");
        assert!(
            passes * 5 >= all,
            "only {passes} of {all} pass at {noise} points of noise: nothing would be published"
        );
        let answers = u64::try_from(answers).unwrap();
        assert!(answers <= all * 4, "{answers} answers for {all} judgements");
    }
}

#[test]
fn one_answer_alone_would_not_be_enough() {
    let mut settings = Settings::default();
    settings.judge.samples = 1;
    let (flips, ..) = judged(6.0, &settings);
    assert!(flips * 100 > DRAFTS * DRAWS, "{flips}: the test above would prove nothing");
}
