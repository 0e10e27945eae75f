//! Bounds of the bytecode and of one execution (docs/bytecode.md, §14). Those
//! that other crates share stand in [`daicho_types::limits`].

/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of the source file's name.
pub const FILE_BYTES_MAX: usize = daicho_types::limits::FILE_NAME_BYTES_MAX;
/// Declared types.
pub const TYPES_MAX: usize = 4_096;
/// Nesting of one type.
pub const TYPE_DEPTH_MAX: u8 = 16;
/// Fields of one record.
pub const FIELDS_MAX: usize = 255;
/// Variants of one enum.
pub const VARIANTS_MAX: usize = 1_024;
/// Elements of a list or map, code points of a Str, bytes of a Bytes.
pub const ITEMS_MAX: u32 = 65_536;
/// Bytes of one encoded value and of one text.
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Constants.
pub const CONSTANTS_MAX: usize = 4_096;
/// Declared errors.
pub const ERRORS_MAX: usize = 1_024;
/// Detail values of one error.
pub const DETAILS_MAX: usize = 16;
/// Declared events, tables, imports, entries, queries, exports: each.
pub const DECLARATIONS_MAX: usize = 256;
/// Addressees of one event; callers of one export.
pub const ADDRESSEES_MAX: usize = 16;
/// Contracts that one export admits.
pub const CALLERS_MAX: usize = 64;
/// Accesses that one access set names.
pub const ACCESSES_MAX: usize = 256;
/// Key columns of one table.
pub const COLUMNS_MAX: usize = 16;
/// Functions.
pub const FUNCTIONS_MAX: usize = 1_024;
/// Bytes of one function's code.
pub const CODE_BYTES_MAX: usize = 65_535;
/// Nested blocks of one function.
pub const NESTING_MAX: usize = 64;
/// Parameters of one function.
pub const PARAMETERS_MAX: usize = 64;
/// Locals of one function, parameters included.
pub const LOCALS_MAX: usize = 256;
/// Operands of one function.
pub const STACK_MAX: usize = 1_024;
/// Frames of one call chain.
pub const DEPTH_MAX: usize = 64;
/// Distinct rows written by one transaction.
pub const WRITES_MAX: usize = 4_096;
/// Savepoints open at once.
pub const SAVEPOINTS_MAX: usize = 64;
/// Timers set by one transaction.
pub const TIMERS_MAX: u32 = 64;
/// Timers that one block runs.
pub const BLOCK_TIMERS_MAX: usize = 1_024;
/// What of a block's gas ([`daicho_types::limits::BLOCK_GAS_MAX`]) timers may use,
/// in percent.
pub const TIMER_GAS_PERCENT: u64 = 30;
/// Places in a recorded trace.
pub const TRACE_MAX: usize = 100_000;
/// Sum of all allocations of one execution.
pub const MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// What a container or text counts beside its content.
pub const MEMORY_CELL_BYTES: u64 = 64;
/// What one value slot counts.
pub const MEMORY_SLOT_BYTES: u64 = 32;
/// Verifier work per byte of artefact.
pub const VERIFY_UNITS_PER_BYTE: u64 = 20;
/// Rows fetched from the state at once during a scan: bounds what a scan can
/// hold before it has been paid for.
pub const SCAN_CHUNK_ROWS: usize = 64;
