//! The artefact as declared: what [`Module::decode`] reads and checks by itself,
//! before any code is looked at (docs/bytecode.md, §1).

use std::collections::{BTreeMap, BTreeSet};

use daicho_types::ledger::Compartment;
use daicho_types::limits::{ARTEFACT_BYTES_MAX, CODE_BYTES_MAX as CODE_NAME_BYTES_MAX};

use crate::codec::Decoder;
use crate::gas;
use crate::limits::{
    ADDRESSEES_MAX, CALLERS_MAX, CODE_BYTES_MAX, COLUMNS_MAX, CONSTANTS_MAX, DECLARATIONS_MAX,
    DETAILS_MAX, ERRORS_MAX, FIELDS_MAX, FILE_BYTES_MAX, FUNCTIONS_MAX, LOCALS_MAX, PARAMETERS_MAX,
    VALUE_BYTES_MAX,
};
use crate::reader::Reader;
use crate::sections::{self, AccessDecl, IndexDecl, ScheduledDecl};
use crate::types::{Field, NO_TYPE, PARTY, Type, TypeId, Types, check, name};
use crate::value::Value;
use crate::verify::VerifyError;

/// The first eight bytes of an artefact.
pub const MAGIC: [u8; 8] = *b"DAICHOBC";
/// The format this crate reads.
pub const FORMAT: u16 = 1;
/// The language edition this crate runs.
pub const EDITION: u16 = 1;
/// The least code a contract may give to its own errors.
pub const ERROR_CODE_MIN: u16 = 1_000;

/// Which rows: the compartment, or the place that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Everybody's.
    Public,
    /// The administrator's.
    Administrator,
    /// Of the party in this column or field.
    Party(u8),
    /// Of the issuer in this column or field.
    Register(u8),
}

impl Rule {
    fn new(kind: u8, place: u8) -> Option<Self> {
        match (kind, place) {
            (0, 0) => Some(Self::Public),
            (1, 0) => Some(Self::Administrator),
            (2, _) => Some(Self::Party(place)),
            (3, _) => Some(Self::Register(place)),
            _ => None,
        }
    }

    /// The column or field that names the holder.
    #[must_use]
    pub fn place(self) -> Option<usize> {
        match self {
            Self::Public | Self::Administrator => None,
            Self::Party(place) | Self::Register(place) => Some(place.into()),
        }
    }

    /// The compartment, given the value at [`Rule::place`].
    #[must_use]
    pub fn compartment(self, holder: Option<[u8; 16]>) -> Option<Compartment> {
        match (self, holder) {
            (Self::Public, _) => Some(Compartment::Public),
            (Self::Administrator, _) => Some(Compartment::Administrator),
            (Self::Party(_), Some(id)) => Some(Compartment::Party(id)),
            (Self::Register(_), Some(id)) => Some(Compartment::Register(id)),
            (Self::Party(_) | Self::Register(_), None) => None,
        }
    }
}

/// An error a contract may abort with.
#[derive(Clone, Debug)]
pub struct ErrorDecl {
    /// At least [`ERROR_CODE_MIN`].
    pub code: u16,
    /// Upper snake.
    pub name: String,
    /// Types of its details.
    pub details: Vec<TypeId>,
}

/// An event a contract may emit.
#[derive(Clone, Debug)]
pub struct EventDecl {
    /// Stable id.
    pub id: u16,
    /// For clients.
    pub name: String,
    /// Its record type.
    pub record: TypeId,
    /// Who receives it.
    pub addressees: Vec<Rule>,
}

/// What makes a table conserve amounts.
#[derive(Clone, Debug)]
pub struct Conserved {
    /// The key column that names the group.
    pub group: usize,
    /// Row fields that hold amounts, ascending.
    pub amounts: Vec<usize>,
    /// Their one type.
    pub amount_type: TypeId,
    /// Those that change by lock and unlock alone, ascending by field.
    pub locks: Vec<Locked>,
}

/// A locked amount: it is the sum of its lock rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The row field that holds the amount.
    pub field: usize,
    /// Stable id of its lock rows, from the same space as the tables'.
    pub id: u16,
}

impl Conserved {
    /// The lock rows of this field; `None` for a plain amount.
    #[must_use]
    pub fn lock_of(&self, field: usize) -> Option<Locked> {
        self.locks.iter().copied().find(|lock| lock.field == field)
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct TableDecl {
    /// Stable id, part of every key.
    pub id: u16,
    /// For traces.
    pub name: String,
    /// Stored with every row.
    pub row_version: u16,
    /// Key columns in order.
    pub columns: Vec<Field>,
    /// The row's record type.
    pub row: TypeId,
    /// Whose rows these are.
    pub compartment: Rule,
    /// Conservation, if declared.
    pub conserved: Option<Conserved>,
    /// Positions of the indexes over it.
    pub indexes: Vec<u16>,
}

impl TableDecl {
    /// Its locked amounts, none unless it is conserved.
    #[must_use]
    pub fn locks(&self) -> &[Locked] {
        self.conserved.as_ref().map_or(&[], |it| &it.locks)
    }
}

/// A function of another contract.
#[derive(Clone, Debug)]
pub struct ImportDecl {
    /// The contract.
    pub contract: u32,
    /// The export of it.
    pub export: u32,
    /// Parameters in this artefact's types.
    pub params: Vec<TypeId>,
    /// Result or [`NO_TYPE`].
    pub result: TypeId,
}

/// A function: signature and code bytes.
#[derive(Clone, Debug)]
pub struct FunctionDecl {
    /// For traces.
    pub name: String,
    /// The first locals.
    pub params: Vec<TypeId>,
    /// Result or [`NO_TYPE`].
    pub result: TypeId,
    /// The declared locals, after the parameters.
    pub locals: Vec<TypeId>,
    /// Bytecode.
    pub code: Vec<u8>,
}

/// What a transaction may call.
#[derive(Clone, Debug)]
pub struct EntryDecl {
    /// Stable id.
    pub id: u32,
    /// For clients.
    pub name: String,
    /// The function.
    pub function: u16,
    /// Role mask, one of which the sender needs.
    pub roles: u32,
    /// Parameters whose party must sign; empty for queries.
    pub signed_by: Vec<u16>,
    /// Parameter names.
    pub params: Vec<String>,
}

/// What another contract may call.
#[derive(Clone, Debug)]
pub struct ExportDecl {
    /// Stable id.
    pub id: u32,
    /// For traces.
    pub name: String,
    /// The function.
    pub function: u16,
    /// Contracts that may call; empty means any.
    pub callers: Vec<u32>,
}

/// One mark of the source map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Byte offset in the function's code.
    pub pc: u32,
    /// From 1.
    pub line: u32,
    /// From 0.
    pub column: u16,
}

/// A decoded artefact, its declarations checked, its code not yet.
#[derive(Clone, Debug)]
pub struct Module {
    /// The contract's name.
    pub name: String,
    /// The source file's name.
    pub file: String,
    /// All types.
    pub types: Types,
    /// Constants with their types.
    pub constants: Vec<(TypeId, Value)>,
    /// Errors.
    pub errors: Vec<ErrorDecl>,
    /// Events.
    pub events: Vec<EventDecl>,
    /// Tables.
    pub tables: Vec<TableDecl>,
    /// Imports.
    pub imports: Vec<ImportDecl>,
    /// Functions.
    pub functions: Vec<FunctionDecl>,
    /// Entries, ascending by id.
    pub entries: Vec<EntryDecl>,
    /// Queries, ascending by id.
    pub queries: Vec<EntryDecl>,
    /// Exports, ascending by id.
    pub exports: Vec<ExportDecl>,
    /// Per function, ascending by pc.
    pub source_map: Vec<Vec<Mark>>,
    /// Secondary indexes, ascending by id.
    pub indexes: Vec<IndexDecl>,
    /// Functions that timers run, ascending by id.
    pub scheduled: Vec<ScheduledDecl>,
    /// The function that runs once when this version takes over.
    pub migration: Option<u16>,
    /// What each callable may touch.
    pub accesses: Vec<AccessDecl>,
    /// BLAKE3 of the artefact.
    pub hash: [u8; 32],
    /// Bytes of the artefact.
    pub size_bytes: usize,
}

impl Module {
    /// Reads an artefact and checks its declarations.
    ///
    /// # Errors
    /// [`VerifyError`] naming the first broken rule; never a panic.
    pub fn decode(bytes: &[u8]) -> Result<Self, VerifyError> {
        check(bytes.len() <= ARTEFACT_BYTES_MAX, "artefact size")?;
        let mut reader = Reader::new(bytes);
        decode_header(&mut reader)?;
        let mut module = Self::decode_name(section(&mut reader, 1)?)?;
        module.hash = blake3::hash(bytes).into();
        module.size_bytes = bytes.len();
        module.types = whole(section(&mut reader, 2)?, Types::decode)?;
        module.decode_values(&mut reader)?;
        module.decode_code(&mut reader)?;
        module.indexes = sections::indexes(&module, section(&mut reader, 13)?)?;
        for (position, index) in (0..).zip(&module.indexes) {
            module.tables[usize::from(index.table)]
                .indexes
                .push(position);
        }
        module.scheduled = sections::scheduled(&module, section(&mut reader, 14)?)?;
        module.migration = sections::migration(&module, section(&mut reader, 15)?)?;
        module.accesses = sections::accesses(&module, section(&mut reader, 16)?)?;
        reader.finish()?;
        Ok(module)
    }

    fn decode_name(bytes: &[u8]) -> Result<Self, VerifyError> {
        whole(bytes, |reader| {
            Ok(Self {
                name: name(reader)?,
                file: reader.text(FILE_BYTES_MAX)?.to_owned(),
                types: Types::predeclared(),
                constants: Vec::new(),
                errors: Vec::new(),
                events: Vec::new(),
                tables: Vec::new(),
                imports: Vec::new(),
                functions: Vec::new(),
                entries: Vec::new(),
                queries: Vec::new(),
                exports: Vec::new(),
                source_map: Vec::new(),
                indexes: Vec::new(),
                scheduled: Vec::new(),
                migration: None,
                accesses: Vec::new(),
                hash: [0; 32],
                size_bytes: 0,
            })
        })
    }

    fn decode_values(&mut self, reader: &mut Reader<'_>) -> Result<(), VerifyError> {
        let types = &self.types;
        self.constants = items(section(reader, 3)?, CONSTANTS_MAX, |reader| {
            constant(types, reader)
        })?;
        self.errors = items(section(reader, 4)?, ERRORS_MAX, |reader| {
            error(types, reader)
        })?;
        check_errors(&self.errors)?;
        self.events = items(section(reader, 5)?, DECLARATIONS_MAX, |reader| {
            event(types, reader)
        })?;
        ascending(self.events.iter().map(|event| event.id.into()))?;
        self.tables = items(section(reader, 6)?, DECLARATIONS_MAX, |reader| {
            table(types, reader)
        })?;
        ascending(self.tables.iter().map(|table| table.id.into()))?;
        check_lock_ids(&self.tables)
    }

    fn decode_code(&mut self, reader: &mut Reader<'_>) -> Result<(), VerifyError> {
        let types = &self.types;
        self.imports = items(section(reader, 7)?, DECLARATIONS_MAX, |reader| {
            import(types, reader)
        })?;
        self.functions = items(section(reader, 8)?, FUNCTIONS_MAX, |reader| {
            function(types, reader)
        })?;
        let functions = &self.functions;
        let called = |signed: bool| move |reader: &mut Reader<'_>| entry(functions, signed, reader);
        self.entries = items(section(reader, 9)?, DECLARATIONS_MAX, called(true))?;
        self.queries = items(section(reader, 10)?, DECLARATIONS_MAX, called(false))?;
        self.exports = items(section(reader, 11)?, DECLARATIONS_MAX, |reader| {
            export(functions, reader)
        })?;
        ascending(self.entries.iter().map(|entry| entry.id))?;
        ascending(self.queries.iter().map(|query| query.id))?;
        ascending(self.exports.iter().map(|export| export.id))?;
        self.source_map = whole(section(reader, 12)?, |reader| {
            check(
                reader.u32()? as usize == functions.len(),
                "source map of every function",
            )?;
            functions
                .iter()
                .map(|function| marks(function, reader))
                .collect()
        })?;
        Ok(())
    }

    /// The line and column of a place in a function's code.
    #[must_use]
    pub fn source(&self, function: u16, pc: u32) -> Option<Mark> {
        let marks = self.source_map.get(function as usize)?;
        let after = marks.partition_point(|mark| mark.pc <= pc);
        after.checked_sub(1).map(|index| marks[index])
    }
}

fn decode_header(reader: &mut Reader<'_>) -> Result<(), VerifyError> {
    check(reader.array::<8>()? == MAGIC, "magic")?;
    check(reader.u16()? == FORMAT, "format version")?;
    check(reader.u16()? == EDITION, "edition")?;
    check(reader.u16()? == gas::SCHEDULE, "gas schedule")?;
    check(reader.u16()? == 0, "reserved field")?;
    let length = reader.u32()? as usize;
    check(length == reader.remaining(), "length")
}

fn section<'a>(reader: &mut Reader<'a>, id: u8) -> Result<&'a [u8], VerifyError> {
    check(reader.u8()? == id, "section order")?;
    Ok(reader.bytes(ARTEFACT_BYTES_MAX)?)
}

pub(crate) fn whole<T>(
    bytes: &[u8],
    decode: impl FnOnce(&mut Reader<'_>) -> Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    let mut reader = Reader::new(bytes);
    let decoded = decode(&mut reader)?;
    reader.finish()?;
    Ok(decoded)
}

pub(crate) fn items<T>(
    bytes: &[u8],
    max: usize,
    item: impl FnMut(&mut Reader<'_>) -> Result<T, VerifyError>,
) -> Result<Vec<T>, VerifyError> {
    whole(bytes, |reader| reader.many(max, item))
}

pub(crate) fn ascending(ids: impl Iterator<Item = u32>) -> Result<(), VerifyError> {
    let mut last = None;
    for id in ids {
        check(last.is_none_or(|last| last < id), "ids ascend")?;
        last = Some(id);
    }
    Ok(())
}

fn type_id(types: &Types, reader: &mut Reader<'_>) -> Result<TypeId, VerifyError> {
    let id = reader.u16()?;
    types.get(id)?;
    Ok(id)
}

fn result_type(types: &Types, reader: &mut Reader<'_>) -> Result<TypeId, VerifyError> {
    let id = reader.u16()?;
    if id != NO_TYPE {
        types.get(id)?;
    }
    Ok(id)
}

fn constant(types: &Types, reader: &mut Reader<'_>) -> Result<(TypeId, Value), VerifyError> {
    let ty = type_id(types, reader)?;
    let mut decoder = Decoder::new(types, reader.bytes(VALUE_BYTES_MAX)?);
    let value = decoder.value(ty)?;
    decoder.finish()?;
    Ok((ty, value))
}

fn error(types: &Types, reader: &mut Reader<'_>) -> Result<ErrorDecl, VerifyError> {
    let (code, name) = (reader.u16()?, name(reader)?);
    check(code >= ERROR_CODE_MIN, "error code below 1000")?;
    check(name.len() <= CODE_NAME_BYTES_MAX, "error name too long")?;
    let details = reader.many(DETAILS_MAX, |reader| type_id(types, reader))?;
    Ok(ErrorDecl {
        code,
        name,
        details,
    })
}

/// One code has one name.
fn check_errors(errors: &[ErrorDecl]) -> Result<(), VerifyError> {
    let mut names = BTreeMap::new();
    for error in errors {
        let known = names.entry(error.code).or_insert(&error.name);
        check(*known == &error.name, "error code with two names")?;
    }
    Ok(())
}

fn event(types: &Types, reader: &mut Reader<'_>) -> Result<EventDecl, VerifyError> {
    let (id, name, record) = (reader.u16()?, name(reader)?, type_id(types, reader)?);
    let Type::Record { fields, .. } = types.known(record) else {
        return Err(VerifyError::Declaration("event without a record"));
    };
    let addressees = reader.many(ADDRESSEES_MAX, |reader| {
        let (kind, field) = (reader.u8()?, reader.u16()?);
        rule(kind, field, fields)
    })?;
    check(!addressees.is_empty(), "event without addressee")?;
    Ok(EventDecl {
        id,
        name,
        record,
        addressees,
    })
}

fn rule(kind: u8, place: u16, fields: &[Field]) -> Result<Rule, VerifyError> {
    let rule = u8::try_from(place)
        .ok()
        .and_then(|place| Rule::new(kind, place));
    let rule = rule.ok_or(VerifyError::Declaration("compartment rule"))?;
    if let Some(place) = rule.place() {
        let names_party = fields.get(place).is_some_and(|field| field.ty == PARTY);
        check(names_party, "compartment rule names a Party")?;
    }
    Ok(rule)
}

fn table(types: &Types, reader: &mut Reader<'_>) -> Result<TableDecl, VerifyError> {
    let (id, name, row_version) = (reader.u16()?, name(reader)?, reader.u16()?);
    let columns = reader.many(COLUMNS_MAX, |reader| column(types, reader))?;
    let row = type_id(types, reader)?;
    check(
        matches!(types.known(row), Type::Record { .. }),
        "row is a record",
    )?;
    let (kind, place) = (reader.u8()?, reader.u8()?);
    let compartment = rule(kind, place.into(), &columns)?;
    let conserved = match reader.u8()? {
        0 => None,
        1 => Some(conserved(types, row, columns.len(), reader)?),
        _ => return Err(VerifyError::Declaration("conserved flag")),
    };
    Ok(TableDecl {
        id,
        name,
        row_version,
        columns,
        row,
        compartment,
        conserved,
        indexes: Vec::new(),
    })
}

/// Lock rows share no id with a table, nor with other lock rows.
fn check_lock_ids(tables: &[TableDecl]) -> Result<(), VerifyError> {
    let mut ids: BTreeSet<u16> = tables.iter().map(|table| table.id).collect();
    let mut locks = tables.iter().flat_map(TableDecl::locks);
    let distinct = locks.all(|lock| ids.insert(lock.id));
    check(distinct, "lock rows with an id that is taken")
}

fn column(types: &Types, reader: &mut Reader<'_>) -> Result<Field, VerifyError> {
    let field = Field {
        name: name(reader)?,
        ty: type_id(types, reader)?,
    };
    check(types.is_key(field.ty), "key column type")?;
    Ok(field)
}

fn conserved(
    types: &Types,
    row: TypeId,
    columns: usize,
    reader: &mut Reader<'_>,
) -> Result<Conserved, VerifyError> {
    let group = usize::from(reader.u8()?);
    check(group < columns, "conserved group column")?;
    let amounts = reader.many(FIELDS_MAX, |reader| Ok::<_, VerifyError>(reader.u16()?))?;
    ascending(amounts.iter().map(|amount| u32::from(*amount)))?;
    let Type::Record { fields, .. } = types.known(row) else {
        return Err(VerifyError::Declaration("row is a record"));
    };
    let amounts: Vec<usize> = amounts.into_iter().map(usize::from).collect();
    let first = amounts.first().and_then(|amount| fields.get(*amount));
    let amount_type = first
        .ok_or(VerifyError::Declaration("conserved amounts"))?
        .ty;
    let number = matches!(
        types.known(amount_type),
        Type::Int(_) | Type::Decimal { .. }
    );
    let same = amounts
        .iter()
        .all(|at| fields.get(*at).is_some_and(|field| field.ty == amount_type));
    check(number && same, "conserved amounts")?;
    let locks = reader.many(FIELDS_MAX, locked)?;
    ascending(locks.iter().map(|lock| lock.field as u32))?;
    let is_amount = |lock: &Locked| amounts.binary_search(&lock.field).is_ok();
    let known = locks.iter().all(is_amount);
    check(known, "lock of no amount")?;
    Ok(Conserved {
        group,
        amounts,
        amount_type,
        locks,
    })
}

fn locked(reader: &mut Reader<'_>) -> Result<Locked, VerifyError> {
    let (field, id) = (reader.u16()?.into(), reader.u16()?);
    Ok(Locked { field, id })
}

fn import(types: &Types, reader: &mut Reader<'_>) -> Result<ImportDecl, VerifyError> {
    Ok(ImportDecl {
        contract: reader.u32()?,
        export: reader.u32()?,
        params: reader.many(PARAMETERS_MAX, |reader| type_id(types, reader))?,
        result: result_type(types, reader)?,
    })
}

fn function(types: &Types, reader: &mut Reader<'_>) -> Result<FunctionDecl, VerifyError> {
    let function = FunctionDecl {
        name: name(reader)?,
        params: reader.many(PARAMETERS_MAX, |reader| type_id(types, reader))?,
        result: result_type(types, reader)?,
        locals: reader.many(LOCALS_MAX, |reader| type_id(types, reader))?,
        code: reader.bytes(CODE_BYTES_MAX)?.to_vec(),
    };
    check(
        function.params.len() + function.locals.len() <= LOCALS_MAX,
        "too many locals",
    )?;
    Ok(function)
}

fn entry(
    functions: &[FunctionDecl],
    signed: bool,
    reader: &mut Reader<'_>,
) -> Result<EntryDecl, VerifyError> {
    let (id, name, function) = (reader.u32()?, name(reader)?, reader.u16()?);
    let declared = functions.get(function as usize);
    let params = &declared
        .ok_or(VerifyError::Declaration("function index"))?
        .params;
    let roles = reader.u32()?;
    let signed_by = if signed {
        reader.many(PARAMETERS_MAX, |reader| Ok::<_, VerifyError>(reader.u16()?))?
    } else {
        Vec::new()
    };
    let parties = signed_by
        .iter()
        .all(|at| params.get(*at as usize) == Some(&PARTY));
    check(parties, "signed_by names a Party parameter")?;
    let names = reader.many(PARAMETERS_MAX, self::name)?;
    check(names.len() == params.len(), "parameter names")?;
    Ok(EntryDecl {
        id,
        name,
        function,
        roles,
        signed_by,
        params: names,
    })
}

fn export(functions: &[FunctionDecl], reader: &mut Reader<'_>) -> Result<ExportDecl, VerifyError> {
    let export = ExportDecl {
        id: reader.u32()?,
        name: name(reader)?,
        function: reader.u16()?,
        callers: reader.many(CALLERS_MAX, |reader| Ok::<_, VerifyError>(reader.u32()?))?,
    };
    check(
        (export.function as usize) < functions.len(),
        "function index",
    )?;
    Ok(export)
}

fn marks(function: &FunctionDecl, reader: &mut Reader<'_>) -> Result<Vec<Mark>, VerifyError> {
    let marks = reader.many(CODE_BYTES_MAX, |reader| {
        let (pc, line, column) = (reader.u32()?, reader.u32()?, reader.u16()?);
        Ok::<_, VerifyError>(Mark { pc, line, column })
    })?;
    ascending(marks.iter().map(|mark| mark.pc))?;
    let inside = marks
        .last()
        .is_none_or(|mark| (mark.pc as usize) < function.code.len());
    check(inside, "source map outside the code")?;
    Ok(marks)
}
