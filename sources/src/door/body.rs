//! The body of an answer, within bounds.

use reqwest::header::{self, HeaderMap};

/// The most that is set aside for a body before any of it has come: what an answer says of its length may be a lie.
const FIRST_ROOM: u64 = 256 * 1024;

/// Why a body is not had in full.
#[derive(Debug)]
pub(super) enum BodyError<E> {
    /// It is larger than is allowed. Holds what is allowed of it.
    TooLarge(Vec<u8>),
    /// It broke off, or cannot be unpacked.
    Broken {
        /// What came before.
        start: Vec<u8>,
        /// What happened.
        why: E,
    },
    /// It is packed in a way that was not asked for.
    Encoding(String),
}

/// Where a body comes from, piece by piece.
pub(super) trait Pieces {
    /// What can go wrong.
    type Error;
    /// The next piece, `None` at the end.
    async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, Self::Error>;
}

impl Pieces for reqwest::Response {
    type Error = reqwest::Error;

    async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, reqwest::Error> {
        self.chunk().await
    }
}

/// Reads a body up to `limit` bytes, counted after unpacking. `stated` is the length that the answer gives itself: one that
/// is too large is believed, so that nothing is read in vain; one that is small is not.
///
/// Beyond the limit at most the one piece is looked at with which it is passed; pieces of a packed body are a few kilobytes.
pub(super) async fn bounded<P: Pieces>(
    limit: usize,
    stated: Option<u64>,
    pieces: &mut P,
) -> Result<Vec<u8>, BodyError<P::Error>> {
    if stated.is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge(Vec::new()));
    }
    let room = usize::try_from(stated.unwrap_or_default().min(FIRST_ROOM)).unwrap_or_default();
    let mut body = Vec::with_capacity(room);
    loop {
        let piece = match pieces.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ok(body),
            Err(why) => return Err(BodyError::Broken { start: body, why }),
        };
        let (piece, room) = (piece.as_ref(), limit - body.len());
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Err(BodyError::TooLarge(body));
        }
    }
}

/// How a body is still packed once the client has unpacked what was asked for: a foreign packing, or several in a row.
pub(super) fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let values: Vec<String> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase())
        .filter(|value| !value.is_empty() && value != "identity")
        .collect();
    let clean = |c: &char| !c.is_control() && *c != '`';
    (!values.is_empty()).then(|| values.join(", ").chars().filter(clean).take(60).collect())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// Endless zeros in pieces of one size; counts what was taken.
    struct Zeros {
        piece: usize,
        taken: usize,
        end: usize,
    }

    impl Pieces for Zeros {
        type Error = ();

        async fn next(&mut self) -> Result<Option<impl AsRef<[u8]>>, ()> {
            if self.taken >= self.end {
                return if self.end == 0 { Err(()) } else { Ok(None) };
            }
            self.taken += self.piece;
            Ok(Some(vec![0; self.piece]))
        }
    }

    #[tokio::test]
    async fn reading_stops_at_the_limit_and_one_piece() {
        const LIMIT: usize = 1 << 20;
        for piece in [1, 1000, 8 * 1024, 64 * 1024] {
            let mut zeros = Zeros { piece, taken: 0, end: usize::MAX };
            let Err(BodyError::TooLarge(start)) = bounded(LIMIT, None, &mut zeros).await else { panic!("{piece}") };
            assert_eq!(start.len(), LIMIT);
            assert!(zeros.taken > LIMIT && zeros.taken <= LIMIT + 64 * 1024, "{piece}: {}", zeros.taken);
        }
        let mut exact = Zeros { piece: 1024, taken: 0, end: LIMIT };
        assert_eq!(bounded(LIMIT, Some(LIMIT as u64), &mut exact).await.unwrap().len(), LIMIT);
    }

    #[tokio::test]
    async fn a_stated_length_is_believed_only_where_it_is_too_large() {
        let mut unread = Zeros { piece: 10, taken: 0, end: 100 };
        assert!(matches!(bounded(50, Some(51), &mut unread).await, Err(BodyError::TooLarge(_))));
        assert_eq!(unread.taken, 0, "nothing is read of what is too large by its own word");
        assert!(matches!(bounded(50, Some(1), &mut unread).await, Err(BodyError::TooLarge(_))));
        let mut short = Zeros { piece: 10, taken: 0, end: 10 };
        let body = bounded(usize::MAX, Some(u64::MAX), &mut short).await;
        assert!(body.is_ok_and(|body| body.capacity() <= 512 * 1024), "no room is made on an answer's word alone");
        let mut broken = Zeros { piece: 10, taken: 0, end: 0 };
        assert!(matches!(bounded(50, None, &mut broken).await, Err(BodyError::Broken { .. })));
    }

    #[test]
    fn only_what_was_not_asked_for_is_foreign() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            foreign_encoding(&headers)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["identity", ""]), None);
        assert_eq!(of(&["zstd"]).as_deref(), Some("zstd"));
        assert_eq!(of(&["gzip, gzip"]).as_deref(), Some("gzip, gzip"));
        assert_eq!(of(&["Gzip", "br"]).as_deref(), Some("gzip, br"));
    }
}
