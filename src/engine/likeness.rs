//! What a site has seen that is like a text: the store finds candidates by keys, their fingerprints are compared here.

use sources::{Fingerprint, Likeness, Relation, Thresholds};
use states::words::SiteName;

use crate::store::{Print, Result, Tx};

/// Something that the site has seen and that a text is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The id of an article, or of a post of the site.
    pub id: String,
    /// What the text is to it: a copy, or near.
    pub relation: Relation,
    /// The figures behind that.
    pub likeness: Likeness,
}

/// What the site has seen and the text is like, `except` excepted: copies first, what resembles it most first among them.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError).
pub async fn near(
    tx: &mut Tx,
    site: &SiteName,
    fingerprint: &Fingerprint,
    except: &str,
    thresholds: &Thresholds,
) -> Result<Vec<Candidate>> {
    let alike = tx.alike(site, except, &fingerprint.keys()).await?;
    let mut found: Vec<Candidate> = alike
        .into_iter()
        .filter_map(|other| {
            // A fingerprint of an earlier version of the program is compared with nothing.
            let likeness = fingerprint.likeness(&Fingerprint::from_bytes(&other.bytes)?)?;
            let relation = likeness.relation(thresholds);
            (relation != Relation::None).then_some(Candidate { id: other.id, relation, likeness })
        })
        .collect();
    let order = |c: &Candidate| (c.likeness.exact, c.relation == Relation::Copy);
    found.sort_by(|a, b| {
        order(b).cmp(&order(a)).then(b.likeness.resemblance.total_cmp(&a.likeness.resemblance)).then(a.id.cmp(&b.id))
    });
    Ok(found)
}

/// As the store keeps it.
pub fn print(id: impl Into<String>, fingerprint: &Fingerprint) -> Print {
    Print { id: id.into(), bytes: fingerprint.to_bytes(), keys: fingerprint.keys() }
}
