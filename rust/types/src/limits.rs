//! Every bound of the system, in one file. Units stand last in the name.

/// Bytes of an ordered state key.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes of one encoded row.
pub const ROW_BYTES_MAX: usize = 64 * 1024;
/// Rows one scan may return.
pub const SCAN_ROWS_MAX: usize = 10_000;
/// Bytes of one contract artefact.
pub const ARTEFACT_BYTES_MAX: usize = 512 * 1024;
/// Bytes of the arguments of one call.
pub const ARGUMENT_BYTES_MAX: usize = 60 * 1024;

/// Plaintext sizes an envelope's body is padded to, before the 16-byte tag:
/// what an observer learns of a transaction's length is one of five.
pub const SIZE_CLASS_BYTES: [usize; 5] = [512, 1_024, 4_096, 16_384, 65_536];
/// Bytes that authenticated encryption adds.
pub const AEAD_TAG_BYTES: usize = 16;
/// Bytes of a sealed body.
pub const BODY_BYTES_MAX: usize = SIZE_CLASS_BYTES[4] + AEAD_TAG_BYTES;
/// Bytes of one encoded item: a sealed transaction, or a control transaction
/// that carries an artefact.
pub const ITEM_BYTES_MAX: usize = ARTEFACT_BYTES_MAX + 64 * 1024;
/// Bytes of a sealed query's body.
pub const QUERY_BYTES_MAX: usize = SIZE_CLASS_BYTES[4] + AEAD_TAG_BYTES;
/// Other parties that consent to one call.
pub const COSIGNERS_MAX: usize = 16;
/// Approvals of one control transaction.
pub const APPROVALS_MAX: usize = 64;
/// Sequences a lane may run ahead of its oldest unused one.
pub const REPLAY_WINDOW_SEQUENCES: u64 = 1_024;
/// Lanes of one sender.
pub const LANES_PER_SENDER_MAX: usize = 64;

/// Nodes in a genesis: validators, executors, readers.
pub const NODES_MAX: usize = 64;
/// Parties admitted by a genesis.
pub const GENESIS_PARTIES_MAX: usize = 1_024;
/// Items in one block.
pub const BLOCK_ITEMS_MAX: usize = 4_096;
/// Bytes of all items of one block.
pub const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Feeds read in one block.
pub const FEEDS_MAX: usize = 64;
/// Bytes of one feed value.
pub const FEED_VALUE_BYTES_MAX: usize = 64;
/// Heights a proposal may run ahead of the newest certified result.
pub const RESULT_WINDOW_HEIGHTS: u64 = 64;

/// Compartments one block may touch.
pub const TOUCHED_COMPARTMENTS_MAX: usize = 16_384;
/// Bytes of one sealed chunk of changes or events.
pub const CHUNK_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one sealed receipt.
pub const RECEIPT_BYTES_MAX: usize = 66 * 1024;
/// Bytes an entry point may return.
pub const RECEIPT_RESULT_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a code's name.
pub const CODE_BYTES_MAX: usize = 48;
/// Events one transaction may emit.
pub const EVENTS_MAX: usize = 256;
/// Bytes of one event.
pub const EVENT_BYTES_MAX: usize = 4 * 1024;
/// Plaintext sizes a receipt is padded to.
pub const RECEIPT_CLASS_BYTES: [usize; 3] = [512, 4_096, 65_536];
/// Plaintext sizes a change or event chunk is padded to: powers of two from
/// this upwards.
pub const CHUNK_CLASS_BYTES_MIN: usize = 512;

/// Gas of a call by class, in units of the gas schedule.
pub const GAS_LIMIT_SMALL: u64 = 100_000;
/// As [`GAS_LIMIT_SMALL`].
pub const GAS_LIMIT_MEDIUM: u64 = 5_000_000;
/// As [`GAS_LIMIT_SMALL`]. An endless loop of this class stops well within a
/// second (R27).
pub const GAS_LIMIT_LARGE: u64 = 50_000_000;
/// Gas that the calls of one block may burn together, by the classes they name:
/// what bounds the time that a block takes to execute.
pub const BLOCK_GAS_MAX: u64 = 500_000_000;
/// Gas of one query.
pub const GAS_LIMIT_QUERY: u64 = 50_000_000;

/// Items in one gateway submission.
pub const SUBMIT_ITEMS_MAX: usize = 1_024;
/// Blocks or results in one answer of the gateway.
pub const SYNC_BLOCKS_MAX: usize = 256;
/// Bytes of one frame on any socket.
pub const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a sealed answer to a query.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024 + AEAD_TAG_BYTES;
/// Levels of a Merkle path.
pub const MERKLE_DEPTH_MAX: usize = 40;
/// Bytes of a human-readable message in a refusal.
pub const MESSAGE_BYTES_MAX: usize = 512;
/// Bytes of a status document.
pub const STATUS_BYTES_MAX: usize = 64 * 1024;
/// Lines of one trace: with everything else of an answer they fit
/// [`ANSWER_RESULT_BYTES_MAX`].
pub const TRACE_LINES_MAX: usize = 65_536;
/// Functions that one trace names.
pub const TRACE_FUNCTIONS_MAX: usize = 2_048;
/// Contracts that one trace names.
pub const TRACE_CONTRACTS_MAX: usize = 256;
/// Traces that may wait for their block at one executor.
pub const TRACES_WAITING_MAX: usize = 8;
/// Bytes of a source file's name.
pub const FILE_NAME_BYTES_MAX: usize = 256;
/// Bytes of a node's or network's name.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of one message between a node and its executor: a result body with
/// every compartment touched.
pub const IPC_FRAME_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of the result inside an answer: half of the sealed answer, which is
/// padded to a power of two.
pub const ANSWER_RESULT_BYTES_MAX: usize = ANSWER_BYTES_MAX / 2 - 1024;
