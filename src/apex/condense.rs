//! Leaves comments and runs of white space out of what is parsed.
//!
//! In real code they are more than half of the bytes, and the parser has to look at each. The tree's
//! positions are in the condensed text; [`Condensed::span`] gives the place in the source.

use std::cell::Cell;

use crate::span::Span;

/// A text without its gaps, and the way back.
#[derive(Debug, Default)]
pub struct Condensed {
    /// What is parsed: each gap has become one blank.
    pub buffer: Vec<u8>,
    /// Where pieces of the source begin, sorted: `(in the buffer, in the source)`.
    pieces: Vec<(u32, u32)>,
    /// The piece that was asked for last; a walk over the tree asks for near ones.
    last: Cell<usize>,
}

/// Condenses `healed` by its `gaps`: half-open ranges, sorted, apart from one another, each of two bytes
/// or more.
pub fn condense(healed: &[u8], gaps: &[(u32, u32)]) -> Condensed {
    let mut buffer = Vec::with_capacity(healed.len());
    let mut pieces = Vec::with_capacity(gaps.len() + 1);
    pieces.push((0, 0));
    let mut at = 0;
    for &(start, end) in gaps {
        buffer.extend_from_slice(&healed[at..start as usize]);
        buffer.push(b' ');
        pieces.push((buffer.len() as u32, end));
        at = end as usize;
    }
    buffer.extend_from_slice(&healed[at..]);
    Condensed { buffer, pieces, last: Cell::new(0) }
}

impl Condensed {
    /// The place in the source of what stands at `start..end` in the buffer.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let from = self.source(start);
        // The end of a node may be the beginning of the next piece.
        let to = if end > start { self.source(end - 1) + 1 } else { from };
        Span { start: from, end: to }
    }

    fn source(&self, at: usize) -> u32 {
        let at = at as u32;
        let mut piece = self.last.get();
        let starts_after = |piece: usize| self.pieces.get(piece).is_none_or(|(start, _)| *start > at);
        if self.pieces[piece].0 > at || !starts_after(piece + 1) {
            piece = match piece + 1 {
                next if !starts_after(next) && starts_after(next + 1) => next,
                _ => self.pieces.partition_point(|(start, _)| *start <= at) - 1,
            };
            self.last.set(piece);
        }
        let (start, source) = self.pieces[piece];
        source + (at - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_source() {
        let source = b"a  /* x */ b\n\n  c";
        let condensed = condense(source, &[(1, 11), (12, 16)]);
        assert_eq!(condensed.buffer, b"a b c");
        for _ in 0..2 {
            assert_eq!(condensed.span(4, 5), Span::new(16, 17));
            assert_eq!(condensed.span(0, 1), Span::new(0, 1));
            assert_eq!(condensed.span(2, 3), Span::new(11, 12));
            assert_eq!(condensed.span(0, 5), Span::new(0, 17));
            assert_eq!(condensed.span(2, 2), Span::new(11, 11));
            assert_eq!(condensed.span(5, 5), Span::new(17, 17));
        }
    }

    #[test]
    fn text_without_gaps_stays() {
        let condensed = condense(b"a b", &[]);
        assert_eq!(condensed.buffer, b"a b");
        assert_eq!(condensed.span(2, 3), Span::new(2, 3));
    }
}
