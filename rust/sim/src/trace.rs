//! What happened, line by line: hashed always, printed on request.

use daicho_crypto::{Domain, hash};
use daicho_types::Digest;

/// Lines are hashed in pieces of this many bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// The trace of one run.
#[derive(Debug)]
pub struct Trace {
    state: Digest,
    piece: String,
    prints: bool,
}

impl Trace {
    /// A trace that `prints` or keeps silent.
    pub fn new(prints: bool) -> Self {
        Self {
            state: Digest::ZERO,
            piece: String::new(),
            prints,
        }
    }

    /// One line at simulated time `now_us`.
    pub fn line(&mut self, now_us: u64, text: &str) {
        let (seconds, rest) = (now_us / 1_000_000, now_us % 1_000_000);
        let line = format!("{seconds:5}.{rest:06} {text}");
        if self.prints {
            println!("{line}");
        }
        self.piece.push_str(&line);
        self.piece.push('\n');
        if self.piece.len() >= PIECE_BYTES {
            self.fold();
        }
    }

    /// The hash of everything so far.
    pub fn hash(&mut self) -> Digest {
        self.fold();
        self.state
    }

    fn fold(&mut self) {
        self.state = hash(Domain::Record, &[&self.state.0, self.piece.as_bytes()]);
        self.piece.clear();
    }
}
