//! How far two rows of figures go together.

/// Pearson's coefficient; `None` where fewer than two pairs or one of the rows does not vary.
pub(crate) fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| of(x - mx, y - my)).sum::<f64>();
    let spread = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (pairs.len() > 1 && spread > 1e-12).then(|| sum(&|x, y| x * y) / spread)
}

/// Spearman's coefficient: Pearson's of the ranks, with the mean rank for what is equal.
pub(crate) fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let first = ranks(pairs.iter().map(|p| p.0).collect());
    let second = ranks(pairs.iter().map(|p| p.1).collect());
    pearson(&first.into_iter().zip(second).collect::<Vec<_>>())
}

fn ranks(values: Vec<f64>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let equal = order[from..].iter().take_while(|n| values[**n] == values[order[from]]).count();
        let mean = (from + 1 + from + equal) as f64 / 2.0;
        order[from..from + equal].iter().for_each(|n| ranks[*n] = mean);
        from += equal;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|found| (found - expected).abs() < 1e-9), "{found:?}, not {expected}");
    }

    #[test]
    fn coefficients_are_those_computed_by_hand() {
        // Means 3 and 4; sums of products 8, of squares 10 and 10.
        let pairs = [(1.0, 2.0), (2.0, 4.0), (3.0, 3.0), (4.0, 5.0), (5.0, 6.0)];
        near(pearson(&pairs), 0.9);
        near(spearman(&pairs), 0.9);
        // A curve: equal ranks, but no line. Means 2.5 and 7.5; 25 / √(5 · 129).
        let curve = [(1.0, 1.0), (2.0, 4.0), (3.0, 9.0), (4.0, 16.0)];
        near(spearman(&curve), 1.0);
        near(pearson(&curve), 25.0 / (5.0_f64 * 129.0).sqrt());
    }

    #[test]
    fn equal_values_share_their_mean_rank() {
        assert_eq!(ranks(vec![5.0, 1.0, 5.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // Ranks 1.5 1.5 3 4 and 1 2 3 4: 4.5 / √(4.5 · 5).
        near(spearman(&[(1.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]), 4.5 / 22.5_f64.sqrt());
    }

    #[test]
    fn what_does_not_vary_correlates_with_nothing() {
        assert_eq!(pearson(&[(1.0, 0.1), (1.0, 0.9)]), None);
        assert_eq!(spearman(&[(1.0, 0.1)]), None);
        assert_eq!(pearson(&[]), None);
    }
}
