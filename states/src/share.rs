//! Sharing an amount out so that the parts add up to it exactly.

use crate::words::MilliWattHours;

/// Shares `total` out by weights: the largest remainders get what rounding down left over, the first of equal ones before
/// the others. The parts add up to `total`, unless every weight is zero: then they are all zero.
pub fn apportion(total: i64, weights: &[u64]) -> Vec<i64> {
    let all: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    if all == 0 {
        return vec![0; weights.len()];
    }
    let amount = u128::from(total.unsigned_abs());
    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let product = amount * u128::from(*weight);
        parts.push(product / all);
        remainders.push((product % all, at));
    }
    let left = amount - parts.iter().sum::<u128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        parts[at] += 1;
    }
    let sign = total.signum();
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(i64::MAX) * sign).collect()
}

/// Energy shared out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnergyShares<K> {
    /// What each one caused.
    pub caused: Vec<(K, MilliWattHours)>,
    /// What nobody caused: booting, loading, waiting for more.
    pub rest: MilliWattHours,
}

/// Shares what a box drew in `awake` milliseconds out to those for whom its models worked, by their model milliseconds. The
/// time in which no model worked stays with nobody; where models worked side by side for longer than the box was awake,
/// nothing does. The parts and the rest add up to `total`.
pub fn split_energy<K: Clone>(total: MilliWattHours, awake: u64, worked: &[(K, u64)]) -> EnergyShares<K> {
    let busy = worked.iter().fold(0_u64, |sum, (_, ms)| sum.saturating_add(*ms));
    let mut weights: Vec<u64> = worked.iter().map(|(_, ms)| *ms).collect();
    weights.push(awake.saturating_sub(busy));
    let mut parts = apportion(total.0, &weights);
    let idle = parts.pop().unwrap_or_default();
    // Nobody worked and no time went by: the whole is the rest.
    let rest = if weights.iter().all(|w| *w == 0) { total } else { MilliWattHours(idle) };
    let caused = worked.iter().zip(parts).map(|((who, _), part)| (who.clone(), MilliWattHours(part))).collect();
    EnergyShares { caused, rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut seed = 7_u64;
        let mut draw = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        for _ in 0..2_000 {
            let weights: Vec<u64> = (0..1 + draw() % 9).map(|_| draw() % 1_000).collect();
            let total = i64::try_from(draw()).unwrap() - (1 << 30);
            let parts = apportion(total, &weights);
            let expected = if weights.iter().all(|w| *w == 0) { 0 } else { total };
            assert_eq!(parts.iter().sum::<i64>(), expected, "{total} by {weights:?}");
            let all: u64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = total as f64 * *weight as f64 / all.max(1) as f64;
                assert!((*part as f64 - exact).abs() < 1.0, "{part} for {exact}");
            }
        }
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(-10, &[1, 1, 1]), [-4, -3, -3]);
        assert_eq!(apportion(i64::MAX, &[u64::MAX, u64::MAX]).iter().sum::<i64>(), i64::MAX);
        assert_eq!(apportion(5, &[0, 0]), [0, 0]);
        assert_eq!(apportion(5, &[]), Vec::<i64>::new());
    }

    #[test]
    fn energy_goes_to_those_who_caused_it() {
        let split = |total, awake, worked: &[(&'static str, u64)]| split_energy(MilliWattHours(total), awake, worked);
        // A half of the time was used, three to one.
        let half = split(1_000, 40_000, &[("a", 15_000), ("b", 5_000)]);
        assert_eq!(half.caused, [("a", MilliWattHours(375)), ("b", MilliWattHours(125))]);
        assert_eq!(half.rest, MilliWattHours(500));
        // Side by side they worked for longer than it was awake.
        let full = split(1_001, 10_000, &[("a", 10_000), ("b", 10_000)]);
        assert_eq!((full.caused[0].1.0, full.caused[1].1.0, full.rest.0), (501, 500, 0));
        // It was woken for nothing.
        assert_eq!(split(77, 9_000, &[]).rest, MilliWattHours(77));
        assert_eq!(split(77, 0, &[("a", 0)]).rest, MilliWattHours(77));
    }
}
