//! What a node and its executor say over the one socket between them. Above
//! it is ciphertext, below it plaintext (design §1).

use crate::block::{CommittedBlock, ResultCertificate, ResultVote};
use crate::codec::{Blob, CodecError, Decode, Encode, Reader};
use crate::envelope::SealedQuery;
use crate::gateway::CertifiedResult;
use crate::limits::{ANSWER_BYTES_MAX, IPC_FRAME_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::result::ResultBody;
use crate::{Digest, Height};
use crate::{wire_enum, wire_struct};

wire_struct! {
    /// The executor's first words.
    pub struct Hello {
        /// The last height it has executed.
        pub executed: Height,
        /// Digest of that block's header.
        pub block: Digest,
        /// State root after it.
        pub state_root: Digest,
        /// How many blocks it will take before granting more.
        pub credits: u32,
        /// `landlock+seccomp`, or `unconfined` with what is missing, UTF-8.
        pub sandbox: Blob<MESSAGE_BYTES_MAX>,
    }

    /// A block's outcome.
    pub struct Executed {
        /// The signed result.
        pub vote: ResultVote,
        /// What it is the digest of.
        pub body: ResultBody,
    }

    /// A query on its way to the executor.
    pub struct Question {
        /// The node's number for it.
        pub id: u64,
        /// The query as it came.
        pub query: SealedQuery,
    }

    /// An answer on its way back.
    pub struct Answer {
        /// The node's number for it.
        pub id: u64,
        /// Zero, or the [`crate::codes::Code`] of a refusal that could not be
        /// sealed to the asker.
        pub code: u16,
        /// Sealed to the asker.
        pub sealed: Blob<ANSWER_BYTES_MAX>,
    }

    /// A block that was executed before, with what came of it.
    pub struct PastBlock {
        /// As it was committed.
        pub block: CommittedBlock,
        /// Its certified result.
        pub result: CertifiedResult,
    }

    /// The answer to [`FromExecutor::Fetch`].
    pub struct Past {
        /// The height asked for.
        pub height: Height,
        /// None when block or result is not kept here, or does not read.
        pub kept: Option<PastBlock>,
    }

    /// The executor stops at a height and keeps its store.
    pub struct Halt {
        /// Where.
        pub height: Height,
        /// A [`crate::codes::Code`] number.
        pub code: u16,
        /// One line for the operator, UTF-8; never plaintext of the ledger.
        pub reason: Blob<MESSAGE_BYTES_MAX>,
    }
}

wire_enum! {
    /// From the node.
    pub enum ToExecutor {
        /// The next block, in order of height; costs one credit.
        1 => Block(CommittedBlock),
        /// A result became certified.
        2 => Certified(ResultCertificate),
        /// A query.
        3 => Question(Question),
        /// A block that the executor asked for.
        4 => Past(Past),
    }

    /// From the executor.
    pub enum FromExecutor {
        /// Once, at the start.
        1 => Hello(Hello),
        /// More blocks may be sent.
        2 => Credit(u32),
        /// A block was executed.
        3 => Executed(Executed),
        /// A query was answered.
        4 => Answer(Answer),
        /// Execution stops.
        5 => Halted(Halt),
        /// It needs a block that it has executed before, for a trace. The next
        /// is asked for once this is answered: one is under way at most.
        6 => Fetch(Height),
    }
}

/// A message as it crosses the socket: a `u32` length, then the bytes.
///
/// # Panics
/// When the message is longer than [`IPC_FRAME_BYTES_MAX`], which the bounds of its
/// fields exclude.
#[must_use]
pub fn frame(message: &impl Encode) -> Vec<u8> {
    let mut out = vec![0; 4];
    message.encode(&mut out);
    let length = out.len() - 4;
    assert!(length <= IPC_FRAME_BYTES_MAX, "a message keeps its bound");
    let length = u32::try_from(length).expect("bounded below 2^32");
    out[..4].copy_from_slice(&length.to_le_bytes());
    out
}

/// Cuts a byte stream back into messages.
#[derive(Debug, Default)]
pub struct Deframer {
    bytes: Vec<u8>,
    start: usize,
}

impl Deframer {
    /// Takes what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, if there is one.
    ///
    /// # Errors
    /// [`CodecError`] when the peer speaks another language; the stream is of
    /// no use after that.
    // One type per call, which no Iterator has.
    #[allow(clippy::should_implement_trait)]
    pub fn next<T: Decode>(&mut self) -> Result<Option<T>, CodecError> {
        let rest = &self.bytes[self.start..];
        let Some((head, body)) = rest.split_at_checked(4) else {
            return Ok(None);
        };
        let length = Reader::new(head).length(IPC_FRAME_BYTES_MAX)?;
        let Some(body) = body.get(..length) else {
            return Ok(None);
        };
        let message = T::from_bytes(body)?;
        self.start += 4 + length;
        Ok(Some(message))
    }
}
