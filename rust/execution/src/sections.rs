//! The later sections of an artefact: indexes, scheduled functions, the migration,
//! the access sets (docs/bytecode.md, §1). Each is read and checked against the
//! declarations that stand before it.

use std::collections::BTreeSet;

use crate::limits::{ACCESSES_MAX, COLUMNS_MAX, DECLARATIONS_MAX};
use crate::module::{FunctionDecl, Module, TableDecl, ascending, items, whole};
use crate::reader::Reader;
use crate::types::{NO_TYPE, Type, TypeId, Types, check, name};
use crate::verify::VerifyError;

/// Where an index column's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A key column of the table.
    Key(u8),
    /// A field of the row.
    Field(u8),
}

/// A secondary index: rows of one table in another order.
#[derive(Clone, Debug)]
pub struct IndexDecl {
    /// Stable id, from the same space as the tables'.
    pub id: u16,
    /// For traces.
    pub name: String,
    /// Index of the table.
    pub table: u16,
    /// The columns that lead its order.
    pub columns: Vec<Source>,
    /// The types of its whole order: its own columns, then the table's key columns.
    pub types: Vec<TypeId>,
    /// The place among its columns of the one that names the compartment.
    pub compartment: Option<usize>,
}

/// Gas classes of scheduled functions, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GasClass {
    Small,
    Medium,
    Large,
}

impl GasClass {
    const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The gas a run may use.
    #[must_use]
    pub fn limit(self) -> u64 {
        use daicho_types::limits::{GAS_LIMIT_LARGE, GAS_LIMIT_MEDIUM, GAS_LIMIT_SMALL};
        match self {
            Self::Small => GAS_LIMIT_SMALL,
            Self::Medium => GAS_LIMIT_MEDIUM,
            Self::Large => GAS_LIMIT_LARGE,
        }
    }
}

/// A function that timers run.
#[derive(Clone, Debug)]
pub struct ScheduledDecl {
    /// Stable id.
    pub id: u32,
    /// For traces.
    pub name: String,
    /// The function.
    pub function: u16,
    /// Lower runs first among timers due at one time.
    pub priority: u8,
    /// What a run may use.
    pub gas: GasClass,
    /// Whether the result is a cursor that takes the last parameter's place.
    pub resumes: bool,
}

/// What a callable may touch, as the compiler says; the machine does not rely on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessDecl {
    /// 0 entry, 1 query, 2 export, 3 scheduled.
    pub kind: u8,
    /// The callable's id.
    pub id: u32,
    /// Ascending, without repetition.
    pub accesses: Vec<Access>,
}

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// 0 the contract itself.
    pub contract: u32,
    /// Id of a table, an index or lock rows there.
    pub table: u16,
    /// 0 read, 1 write, 2 delta, 3 as of.
    pub mode: u8,
    /// 0 exact, 1 prefix, 2 dynamic.
    pub form: u8,
}

/// Section 13.
pub(crate) fn indexes(module: &Module, bytes: &[u8]) -> Result<Vec<IndexDecl>, VerifyError> {
    let found = items(bytes, DECLARATIONS_MAX, |reader| index(module, reader))?;
    ascending(found.iter().map(|index| index.id.into()))?;
    let taken = ids_of_rows(module);
    let distinct = found.iter().all(|index| !taken.contains(&index.id));
    check(distinct, "an index and a table with one id")?;
    Ok(found)
}

/// The ids that stand for rows of tables and of locks.
fn ids_of_rows(module: &Module) -> BTreeSet<u16> {
    let own = |table: &TableDecl| {
        let locks = table.locks().iter().map(|lock| lock.id);
        locks.chain([table.id]).collect::<Vec<_>>()
    };
    module.tables.iter().flat_map(own).collect()
}

fn index(module: &Module, reader: &mut Reader<'_>) -> Result<IndexDecl, VerifyError> {
    let (id, name, table) = (reader.u16()?, name(reader)?, reader.u16()?);
    let declared = module.tables.get(usize::from(table));
    let declared = declared.ok_or(VerifyError::Declaration("table index"))?;
    let columns = reader.many(COLUMNS_MAX, source)?;
    check(!columns.is_empty(), "index without columns")?;
    let mut types = Vec::with_capacity(columns.len() + declared.columns.len());
    for column in &columns {
        types.push(column_type(&module.types, declared, *column)?);
    }
    types.extend(declared.columns.iter().map(|column| column.ty));
    let compartment = declared
        .compartment
        .place()
        .map(|place| {
            let is_it =
                |column: &Source| matches!(column, Source::Key(at) if usize::from(*at) == place);
            let found = columns.iter().position(is_it);
            found.ok_or(VerifyError::Declaration(
                "index without the compartment's column",
            ))
        })
        .transpose()?;
    Ok(IndexDecl {
        id,
        name,
        table,
        columns,
        types,
        compartment,
    })
}

fn source(reader: &mut Reader<'_>) -> Result<Source, VerifyError> {
    match (reader.u8()?, reader.u8()?) {
        (0, at) => Ok(Source::Key(at)),
        (1, at) => Ok(Source::Field(at)),
        _ => Err(VerifyError::Declaration("index column kind")),
    }
}

/// A conserved table's fields are amounts that move: only its key is indexed.
fn column_type(types: &Types, table: &TableDecl, column: Source) -> Result<TypeId, VerifyError> {
    let Type::Record { fields, .. } = types.known(table.row) else {
        return Err(VerifyError::Declaration("row is a record"));
    };
    let found = match column {
        Source::Key(at) => table.columns.get(usize::from(at)),
        Source::Field(at) if table.conserved.is_none() => fields.get(usize::from(at)),
        Source::Field(_) => None,
    };
    let ty = found.ok_or(VerifyError::Declaration("index column"))?.ty;
    check(types.is_key(ty), "key column type")?;
    Ok(ty)
}

/// Section 14.
pub(crate) fn scheduled(module: &Module, bytes: &[u8]) -> Result<Vec<ScheduledDecl>, VerifyError> {
    let found = items(bytes, DECLARATIONS_MAX, |reader| timed(module, reader))?;
    ascending(found.iter().map(|scheduled| scheduled.id))?;
    Ok(found)
}

fn timed(module: &Module, reader: &mut Reader<'_>) -> Result<ScheduledDecl, VerifyError> {
    let (id, name, function) = (reader.u32()?, name(reader)?, reader.u16()?);
    let (priority, gas, resumes) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let declared = module.functions.get(usize::from(function));
    let declared = declared.ok_or(VerifyError::Declaration("function index"))?;
    let gas = *GasClass::ALL
        .get(usize::from(gas))
        .ok_or(VerifyError::Declaration("gas class"))?;
    check(resumes <= 1, "resumes flag")?;
    check(
        returns_cursor(&module.types, declared, resumes == 1),
        "result of a scheduled function",
    )?;
    Ok(ScheduledDecl {
        id,
        name,
        function,
        priority,
        gas,
        resumes: resumes == 1,
    })
}

/// Nothing, or an Optional of the last parameter's type.
fn returns_cursor(types: &Types, function: &FunctionDecl, resumes: bool) -> bool {
    if !resumes {
        return function.result == NO_TYPE;
    }
    let optional = matches!(types.get(function.result), Ok(Type::Optional { .. }));
    optional && function.params.last() == Some(&function.result)
}

/// Section 15.
pub(crate) fn migration(module: &Module, bytes: &[u8]) -> Result<Option<u16>, VerifyError> {
    let function = whole(bytes, |reader| Ok(reader.u16()?))?;
    if function == u16::MAX {
        return Ok(None);
    }
    let declared = module.functions.get(usize::from(function));
    let declared = declared.ok_or(VerifyError::Declaration("function index"))?;
    let plain = declared.params.is_empty() && declared.result == NO_TYPE;
    check(plain, "a migration takes and gives nothing")?;
    Ok(Some(function))
}

/// Section 16.
pub(crate) fn accesses(module: &Module, bytes: &[u8]) -> Result<Vec<AccessDecl>, VerifyError> {
    let mut ids = ids_of_rows(module);
    ids.extend(module.indexes.iter().map(|index| index.id));
    let found = items(bytes, 4 * DECLARATIONS_MAX, |reader| {
        access_set(module, &ids, reader)
    })?;
    let sorted = found.is_sorted_by(|a, b| (a.kind, a.id) < (b.kind, b.id));
    check(sorted, "access sets ascend")?;
    Ok(found)
}

fn access_set(
    module: &Module,
    ids: &BTreeSet<u16>,
    reader: &mut Reader<'_>,
) -> Result<AccessDecl, VerifyError> {
    let (kind, id) = (reader.u8()?, reader.u32()?);
    let entry =
        |entries: &[crate::module::EntryDecl]| entries.binary_search_by_key(&id, |e| e.id).is_ok();
    let known = match kind {
        0 => entry(&module.entries),
        1 => entry(&module.queries),
        2 => module.exports.binary_search_by_key(&id, |e| e.id).is_ok(),
        3 => module.scheduled.binary_search_by_key(&id, |e| e.id).is_ok(),
        _ => false,
    };
    check(known, "access set of nothing that is called")?;
    let accesses = reader.many(ACCESSES_MAX, |reader| access(ids, reader))?;
    check(accesses.is_sorted_by(|a, b| a < b), "accesses ascend")?;
    Ok(AccessDecl { kind, id, accesses })
}

fn access(ids: &BTreeSet<u16>, reader: &mut Reader<'_>) -> Result<Access, VerifyError> {
    let (contract, table) = (reader.u32()?, reader.u16()?);
    let (mode, form) = (reader.u8()?, reader.u8()?);
    check(contract != 0 || ids.contains(&table), "access of no table")?;
    check(mode <= 3 && form <= 2, "access mode and form")?;
    Ok(Access {
        contract,
        table,
        mode,
        form,
    })
}
