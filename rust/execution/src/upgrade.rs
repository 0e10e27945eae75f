//! What stands against one artefact taking another's place (docs/bytecode.md,
//! §13): every id that both have must keep its meaning, since rows, pending timers
//! and other contracts hold on to it; and what rows stand under is never left out,
//! since a later version could give them another meaning.

use std::collections::BTreeMap;

use crate::module::{ExportDecl, Module, TableDecl};
use crate::types::{NO_TYPE, TypeId};

/// The shape of a type, by index.
type Shapes = Vec<[u8; 32]>;

/// One line for each id that changes its meaning; empty when `new` may take the
/// place of `old`.
#[must_use]
pub fn upgrade_problems(old: &Module, new: &Module) -> Vec<String> {
    let shapes = (old.types.shapes(), new.types.shapes());
    let mut problems = Vec::new();
    let (tables_before, tables_after) = (tables(old, &shapes.0), tables(new, &shapes.1));
    compare(&mut problems, "table", &tables_before, &tables_after);
    keep(&mut problems, "table", &tables_before, &tables_after);
    let (indexes_before, indexes_after) = (indexes(old, &shapes.0), indexes(new, &shapes.1));
    compare(&mut problems, "index", &indexes_before, &indexes_after);
    keep(&mut problems, "index", &indexes_before, &indexes_after);
    compare(&mut problems, "lock rows", &locks(old), &locks(new));
    compare(
        &mut problems,
        "event",
        &events(old, &shapes.0),
        &events(new, &shapes.1),
    );
    compare(
        &mut problems,
        "entry",
        &entries(old, &shapes.0),
        &entries(new, &shapes.1),
    );
    compare(
        &mut problems,
        "export",
        &exports(old, &shapes.0),
        &exports(new, &shapes.1),
    );
    compare(
        &mut problems,
        "scheduled",
        &scheduled(old, &shapes.0),
        &scheduled(new, &shapes.1),
    );
    let (before, after) = (spaces(old), spaces(new));
    for (id, (is, name)) in &after {
        if let Some((was, _)) = before.get(id).filter(|(was, _)| was != is) {
            problems.push(format!("{name}, {is}, has the id of {was}"));
        }
    }
    problems
}

/// What each id stands for in the one space of tables, indexes and lock rows.
fn spaces(module: &Module) -> BTreeMap<u16, (&'static str, &str)> {
    let mut found = BTreeMap::new();
    for table in &module.tables {
        found.insert(table.id, ("a table", table.name.as_str()));
        for lock in table.locks() {
            found.insert(lock.id, ("lock rows", table.name.as_str()));
        }
    }
    for index in &module.indexes {
        found.insert(index.id, ("an index", index.name.as_str()));
    }
    found
}

/// By id: the name, for the reader, and everything that must stay.
type Meanings = BTreeMap<u32, (String, Vec<u8>)>;

fn compare(problems: &mut Vec<String>, kind: &str, old: &Meanings, new: &Meanings) {
    for (id, (name, meaning)) in new {
        if old.get(id).is_some_and(|(_, before)| before != meaning) {
            let before = &old[id].0;
            problems.push(format!(
                "{kind} {name} (id {id}) means another thing than {before} did"
            ));
        }
    }
}

/// What rows stand under is there for ever. Lock rows go with their table.
fn keep(problems: &mut Vec<String>, kind: &str, old: &Meanings, new: &Meanings) {
    for (id, (name, _)) in old.iter().filter(|(id, _)| !new.contains_key(id)) {
        problems.push(format!(
            "{kind} {name} (id {id}) is left out, and its rows would stay"
        ));
    }
}

fn shape_of(shapes: &Shapes, ty: TypeId, out: &mut Vec<u8>) {
    match ty {
        NO_TYPE => out.push(0),
        _ => {
            out.push(1);
            out.extend(shapes[usize::from(ty)]);
        }
    }
}

fn signature(module: &Module, shapes: &Shapes, function: u16) -> Vec<u8> {
    let function = &module.functions[usize::from(function)];
    let mut out = Vec::new();
    for ty in function.params.iter().chain([&function.result]) {
        shape_of(shapes, *ty, &mut out);
    }
    out
}

fn tables(module: &Module, shapes: &Shapes) -> Meanings {
    let meaning = |table: &TableDecl| {
        let mut out = table.row_version.to_le_bytes().to_vec();
        for column in &table.columns {
            shape_of(shapes, column.ty, &mut out);
        }
        shape_of(shapes, table.row, &mut out);
        let conserved = table.conserved.as_ref();
        let conserved = conserved.map(|it| (it.group, it.amounts.clone(), it.locks.clone()));
        out.extend(format!("{:?}{conserved:?}", table.compartment).into_bytes());
        out
    };
    let named = |table: &TableDecl| (table.id.into(), (table.name.clone(), meaning(table)));
    module.tables.iter().map(named).collect()
}

fn indexes(module: &Module, _: &Shapes) -> Meanings {
    let meaning = module.indexes.iter().map(|index| {
        let table = module.tables[usize::from(index.table)].id;
        let meaning = format!("{table}{:?}", index.columns).into_bytes();
        (index.id.into(), (index.name.clone(), meaning))
    });
    meaning.collect()
}

/// Whose lock rows; which of its fields, the table's own meaning says.
fn locks(module: &Module) -> Meanings {
    let of = |table: &TableDecl| {
        let (name, meaning) = (table.name.clone(), table.id.to_le_bytes().to_vec());
        let rows = table.locks().iter();
        let named = rows.map(move |lock| (lock.id.into(), (name.clone(), meaning.clone())));
        named.collect::<Vec<_>>()
    };
    module.tables.iter().flat_map(of).collect()
}

fn events(module: &Module, shapes: &Shapes) -> Meanings {
    let meaning = module.events.iter().map(|event| {
        let mut out = format!("{:?}", event.addressees).into_bytes();
        shape_of(shapes, event.record, &mut out);
        (event.id.into(), (event.name.clone(), out))
    });
    meaning.collect()
}

fn entries(module: &Module, shapes: &Shapes) -> Meanings {
    let meaning = module.entries.iter().map(|entry| {
        let meaning = signature(module, shapes, entry.function);
        (entry.id, (entry.name.clone(), meaning))
    });
    meaning.collect()
}

fn exports(module: &Module, shapes: &Shapes) -> Meanings {
    let meaning = |export: &ExportDecl| signature(module, shapes, export.function);
    let named = |export: &ExportDecl| (export.id, (export.name.clone(), meaning(export)));
    module.exports.iter().map(named).collect()
}

fn scheduled(module: &Module, shapes: &Shapes) -> Meanings {
    let meaning = module.scheduled.iter().map(|one| {
        let mut meaning = signature(module, shapes, one.function);
        meaning.push(u8::from(one.resumes));
        (one.id, (one.name.clone(), meaning))
    });
    meaning.collect()
}
