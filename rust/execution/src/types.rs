//! The type table: 32 predeclared indices, then the artefact's own. A type
//! refers only to lower indices, so every walk over types ends.

use crate::limits::{
    FIELDS_MAX, ITEMS_MAX, NAME_BYTES_MAX, TYPE_DEPTH_MAX, TYPES_MAX, VARIANTS_MAX,
};
use crate::reader::Reader;
use crate::verify::VerifyError;

/// Index of a type; compared by index and nothing else inside one artefact.
pub type TypeId = u16;

/// No type: a function or block without result.
pub const NO_TYPE: TypeId = 0xFFFF;
/// The first index that an artefact declares.
pub const FIRST_DECLARED: TypeId = 32;
/// Bool.
pub const BOOL: TypeId = 0;
/// Int, the 128-bit signed default.
pub const INT: TypeId = 1;
/// U32.
pub const U32: TypeId = 4;
/// Account.
pub const ACCOUNT: TypeId = 11;
/// Party.
pub const PARTY: TypeId = 12;
/// Hash.
pub const HASH: TypeId = 13;
/// Date.
pub const DATE: TypeId = 14;
/// Timestamp.
pub const TIMESTAMP: TypeId = 15;
/// Duration.
pub const DURATION: TypeId = 16;

/// Days since 1970-01-01 of 0001-01-01.
pub const DATE_DAYS_MIN: i128 = -719_162;
/// Days since 1970-01-01 of 9999-12-31.
pub const DATE_DAYS_MAX: i128 = 2_932_896;

/// The ten integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IntKind {
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
}

impl IntKind {
    /// All kinds in index order: kind `i` has type index `i + 1`.
    pub const ALL: [Self; 10] = [
        Self::I128,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::U128,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
    ];

    /// Width in bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::U8 | Self::I8 => 8,
            Self::U16 | Self::I16 => 16,
            Self::U32 | Self::I32 => 32,
            Self::U64 | Self::I64 => 64,
            Self::U128 | Self::I128 => 128,
        }
    }

    /// Whether negative values exist.
    #[must_use]
    pub fn signed(self) -> bool {
        matches!(
            self,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::I128
        )
    }

    /// Least and greatest value; `None` for U128, which leaves i128.
    #[must_use]
    pub fn bounds(self) -> Option<(i128, i128)> {
        match (self, self.signed()) {
            (Self::U128, _) => None,
            (Self::I128, _) => Some((i128::MIN, i128::MAX)),
            (_, true) => {
                let half = 1_i128 << (self.bits() - 1);
                Some((-half, half - 1))
            }
            (_, false) => Some((0, (1_i128 << self.bits()) - 1)),
        }
    }
}

/// A named field or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// For clients; never in keys.
    pub name: String,
    /// Its type.
    pub ty: TypeId,
}

/// One type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Type {
    Bool,
    Int(IntKind),
    Account,
    Party,
    Hash,
    Date,
    Timestamp,
    Duration,
    Decimal {
        digits: u8,
        scale: u8,
    },
    Str {
        max: u32,
    },
    Bytes {
        max: u32,
    },
    Enum {
        name: String,
        variants: Vec<String>,
    },
    Record {
        name: String,
        fields: Vec<Field>,
    },
    List {
        element: TypeId,
        max: u32,
    },
    Map {
        key: TypeId,
        value: TypeId,
        max: u32,
    },
    Optional {
        inner: TypeId,
    },
}

/// All types of one artefact.
#[derive(Clone, Debug)]
pub struct Types {
    types: Vec<Option<Type>>,
    depths: Vec<u8>,
    ordered: Vec<bool>,
}

impl Types {
    /// The predeclared indices alone.
    #[must_use]
    pub fn predeclared() -> Self {
        let mut types: Vec<Option<Type>> = vec![Some(Type::Bool)];
        types.extend(IntKind::ALL.map(|kind| Some(Type::Int(kind))));
        types.extend([Type::Account, Type::Party, Type::Hash].map(Some));
        types.extend([Type::Date, Type::Timestamp, Type::Duration].map(Some));
        let mut ordered = vec![true; types.len()];
        types.resize(FIRST_DECLARED as usize, None);
        ordered.resize(types.len(), false);
        Self {
            depths: vec![0; types.len()],
            ordered,
            types,
        }
    }

    /// Reads the type section.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let mut types = Self::predeclared();
        let count = reader.count(TYPES_MAX)?;
        for _ in 0..count {
            let (ty, depth) = types.decode_one(reader)?;
            types.ordered.push(types.order_of(&ty));
            types.types.push(Some(ty));
            types.depths.push(depth);
        }
        Ok(types)
    }

    fn decode_one(&self, reader: &mut Reader<'_>) -> Result<(Type, u8), VerifyError> {
        let ty = match reader.u8()? {
            1 => {
                let (digits, scale) = (reader.u8()?, reader.u8()?);
                check(
                    (1..=38).contains(&digits) && scale <= 38,
                    "decimal digits and scale",
                )?;
                return Ok((Type::Decimal { digits, scale }, 0));
            }
            2 => {
                return Ok((
                    Type::Str {
                        max: bound(reader)?,
                    },
                    0,
                ));
            }
            3 => {
                return Ok((
                    Type::Bytes {
                        max: bound(reader)?,
                    },
                    0,
                ));
            }
            4 => return Ok((decode_enum(reader)?, 0)),
            5 => decode_record(reader)?,
            6 => Type::List {
                element: reader.u16()?,
                max: bound(reader)?,
            },
            7 => {
                let (key, value) = (reader.u16()?, reader.u16()?);
                check(self.is_key(key), "map key type")?;
                Type::Map {
                    key,
                    value,
                    max: bound(reader)?,
                }
            }
            8 => Type::Optional {
                inner: reader.u16()?,
            },
            _ => return Err(VerifyError::Declaration("type kind")),
        };
        let depth = self.depth_of(&ty)?;
        Ok((ty, depth))
    }

    fn depth_of(&self, ty: &Type) -> Result<u8, VerifyError> {
        let mut deepest = 0;
        let mut look = |part: TypeId| -> Result<(), VerifyError> {
            self.get(part)?;
            deepest = deepest.max(self.depths[part as usize]);
            Ok(())
        };
        match ty {
            Type::Record { fields, .. } => fields.iter().try_for_each(|field| look(field.ty))?,
            Type::List { element, .. } => look(*element)?,
            Type::Map { key, value, .. } => {
                look(*key)?;
                look(*value)?;
            }
            Type::Optional { inner } => look(*inner)?,
            _ => {}
        }
        check(deepest < TYPE_DEPTH_MAX, "type nesting")?;
        Ok(deepest + 1)
    }

    /// The type at an index; an error for a reserved or unknown one.
    pub fn get(&self, id: TypeId) -> Result<&Type, VerifyError> {
        self.types
            .get(id as usize)
            .and_then(Option::as_ref)
            .ok_or(VerifyError::Declaration("type index"))
    }

    /// The type at an index that verification has seen.
    ///
    /// # Panics
    /// If the index was never verified: a broken invariant of this crate.
    #[must_use]
    pub fn known(&self, id: TypeId) -> &Type {
        self.types[id as usize]
            .as_ref()
            .expect("the verifier has looked this type up")
    }

    /// How many indices exist, the predeclared ones included.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether values may be key columns and map keys.
    #[must_use]
    pub fn is_key(&self, id: TypeId) -> bool {
        self.get(id).is_ok_and(|ty| {
            !matches!(
                ty,
                Type::Record { .. } | Type::List { .. } | Type::Map { .. } | Type::Optional { .. }
            )
        })
    }

    /// Whether values have an order.
    #[must_use]
    pub fn is_ordered(&self, id: TypeId) -> bool {
        self.ordered.get(id as usize).copied().unwrap_or(false)
    }

    /// Decided once per type from its parts, so that no walk is exponential.
    fn order_of(&self, ty: &Type) -> bool {
        match ty {
            Type::Record { fields, .. } => fields.iter().all(|field| self.is_ordered(field.ty)),
            Type::Optional { inner } => self.is_ordered(*inner),
            Type::List { .. } | Type::Map { .. } => false,
            _ => true,
        }
    }

    /// Least and greatest raw value of a raw type other than U128.
    #[must_use]
    pub fn raw_bounds(&self, id: TypeId) -> Option<(i128, i128)> {
        match self.get(id).ok()? {
            Type::Int(kind) => kind.bounds(),
            Type::Decimal { digits, .. } => {
                let limit = 10_i128.pow(u32::from(*digits)) - 1;
                Some((-limit, limit))
            }
            Type::Date => Some((DATE_DAYS_MIN, DATE_DAYS_MAX)),
            Type::Timestamp => Some((0, i128::from(i64::MAX))),
            Type::Duration => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
            Type::Enum { variants, .. } => Some((0, variants.len() as i128 - 1)),
            _ => None,
        }
    }

    /// A hash of each type's shape without the names of fields, by index:
    /// what two contracts compare across a call.
    #[must_use]
    pub(crate) fn shapes(&self) -> Vec<[u8; 32]> {
        let mut shapes: Vec<[u8; 32]> = Vec::with_capacity(self.types.len());
        for (index, ty) in self.types.iter().enumerate() {
            let mut hash = blake3::Hasher::new_derive_key("daicho v1 contract type shape");
            match ty {
                Some(ty) => hash_shape(&mut hash, index, ty, &shapes),
                None => {
                    hash.update(&[0xFF]);
                }
            }
            shapes.push(hash.finalize().into());
        }
        shapes
    }
}

fn hash_shape(hash: &mut blake3::Hasher, index: usize, ty: &Type, shapes: &[[u8; 32]]) {
    let mut put = |kind: u8, numbers: &[u32], parts: &[TypeId]| {
        hash.update(&[kind]);
        numbers.iter().for_each(|number| {
            hash.update(&number.to_le_bytes());
        });
        parts.iter().for_each(|part| {
            hash.update(&shapes[*part as usize]);
        });
    };
    match ty {
        Type::Decimal { digits, scale } => put(1, &[(*digits).into(), (*scale).into()], &[]),
        Type::Str { max } => put(2, &[*max], &[]),
        Type::Bytes { max } => put(3, &[*max], &[]),
        Type::Enum { variants, .. } => put(4, &[variants.len() as u32], &[]),
        Type::Record { fields, .. } => {
            let parts: Vec<TypeId> = fields.iter().map(|field| field.ty).collect();
            put(5, &[parts.len() as u32], &parts);
        }
        Type::List { element, max } => put(6, &[*max], &[*element]),
        Type::Map { key, value, max } => put(7, &[*max], &[*key, *value]),
        Type::Optional { inner } => put(8, &[], &[*inner]),
        _ => put(0, &[index as u32], &[]),
    }
}

fn decode_enum(reader: &mut Reader<'_>) -> Result<Type, VerifyError> {
    let name = name(reader)?;
    let variants = reader.many(VARIANTS_MAX, self::name)?;
    check(!variants.is_empty(), "enum without variants")?;
    Ok(Type::Enum { name, variants })
}

fn decode_record(reader: &mut Reader<'_>) -> Result<Type, VerifyError> {
    let name = name(reader)?;
    let fields = reader.many(FIELDS_MAX, |reader| {
        Ok::<_, VerifyError>(Field {
            name: self::name(reader)?,
            ty: reader.u16()?,
        })
    })?;
    check(!fields.is_empty(), "record without fields")?;
    Ok(Type::Record { name, fields })
}

fn bound(reader: &mut Reader<'_>) -> Result<u32, VerifyError> {
    let max = reader.u32()?;
    check(max <= ITEMS_MAX, "bound of a text, list or map")?;
    Ok(max)
}

/// A name: `[A-Za-z_][A-Za-z0-9_]*`, at most 64 bytes.
pub(crate) fn name(reader: &mut Reader<'_>) -> Result<String, VerifyError> {
    let text = reader.text(NAME_BYTES_MAX)?;
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let word = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    check(starts && word, "name")?;
    Ok(text.to_owned())
}

/// A rule of the declarations, or which one is broken.
pub(crate) fn check(holds: bool, rule: &'static str) -> Result<(), VerifyError> {
    if holds {
        Ok(())
    } else {
        Err(VerifyError::Declaration(rule))
    }
}
