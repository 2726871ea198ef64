//! A model as bytes in flash: shapes, tables, matrices, names; read in place.
//!
//! Little-endian, without padding, in this order:
//!
//! | what | bytes |
//! |---|---|
//! | magic `RVNL`, version u16, zero u16, total length u32, CRC-32 of all bytes after it u32 | 16 |
//! | width u16, hidden u16, intents u16, slots u16, word rows u32, pattern rows u32 | 16 |
//! | heads u8, layers u8, residual bits u8, zero u8, inverse temperatures of intents and tags 2 x u16 in 1/4096 | 8 |
//! | word table, then pattern table: each row a scale u16 and `width` weights of 4 bits, the lower first | rows x (2 + width/2) |
//! | matrices: convolution; query, key, value, output, up, down of each layer; pooling; intents; tags | see [`MATRIX_HEAD`] |
//! | after the value matrix of each layer: what each distance of two words adds to each head's scores, i32 | heads x 17 x 4 |
//! | for each intent a bit for each slot that occurs with it | intents x ceil(slots/8) |
//! | names of intents, then of slots: length u8, UTF-8 | |
//!
//! What always holds: [`Model::open`] reads nothing outside its slice, allocates nothing and returns an error that names
//! the offset, or a model whose every part has the size that its shape says. The checksum finds damage, not malice: a
//! hostile model may give nonsense, never a panic.

use super::feature::Buckets;
use super::matrix::{MAX_COLUMNS, Matrix};
use crate::meter::Meter;
use crate::wire::crc::crc32;
use core::fmt;
use zerocopy::FromBytes;

/// The first bytes of a container.
pub const MAGIC: [u8; 4] = *b"RVNL";
/// The version of the layout, and of the features that its tables are for.
pub const VERSION: u16 = 1;
/// Largest container, in bytes.
pub const MAX_BYTES: usize = 400_000;
/// Components of a word's vector, at most.
pub const MAX_WIDTH: usize = MAX_COLUMNS / 3;
/// Units between the two matrices of a feed-forward layer, at most.
pub const MAX_HIDDEN: usize = MAX_COLUMNS;
/// Layers, at most.
pub const MAX_LAYERS: usize = 4;
/// Attention heads, at most.
pub const MAX_HEADS: usize = 8;
/// Intents, at most.
pub const MAX_INTENTS: usize = 256;
/// Slots, at most.
pub const MAX_SLOTS: usize = 128;
/// Bytes of a name, at most.
pub const MAX_NAME: usize = 64;
/// The name of the intent of sentences that are no command of the model.
pub const NONE: &str = "none";
/// Words further apart than this are as far apart as this.
pub const MAX_DISTANCE: usize = 8;
/// Entries of the table of distances for one head.
pub const DISTANCES: usize = 2 * MAX_DISTANCE + 1;
/// Bytes before the first table.
pub const HEAD: usize = 40;
/// Bytes before the multipliers of a matrix: shift u8, out bits u8, zero u16. Then come `[rows] i32` multipliers, `[rows]
/// i32` offsets and `[rows][columns] i8` weights.
pub const MATRIX_HEAD: usize = 4;

/// Why bytes are not a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerError {
    /// The bytes end before a part does.
    Truncated {
        /// Where the part begins.
        offset: usize,
        /// Its bytes.
        needs: usize,
        /// Those that are left.
        have: usize,
    },
    /// There are bytes after the last part.
    TooLong {
        /// Where the last part ends.
        offset: usize,
        /// Bytes after it.
        extra: usize,
    },
    /// The first bytes are not those of a model.
    Magic,
    /// A layout of another version.
    Version {
        /// The version that was found; this program reads [`VERSION`].
        found: u16,
    },
    /// The bytes were changed.
    Checksum {
        /// The checksum that the container states.
        stated: u32,
        /// The checksum of its bytes.
        found: u32,
    },
    /// A number that no model has.
    Shape {
        /// Where it is.
        offset: usize,
        /// What it is.
        field: &'static str,
        /// Its value.
        value: usize,
        /// The largest allowed.
        max: usize,
    },
    /// A name that is not UTF-8.
    Name {
        /// Where it begins.
        offset: usize,
    },
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { offset, needs, have } => {
                write!(f, "truncated at byte {offset}: {needs} bytes needed, {have} left")
            }
            Self::TooLong { offset, extra } => write!(f, "{extra} bytes after the end at byte {offset}"),
            Self::Magic => write!(f, "not a model: byte 0 does not begin `RVNL`"),
            Self::Version { found } => {
                write!(f, "version {found} at byte 4; this program reads version {VERSION}")
            }
            Self::Checksum { stated, found } => {
                write!(f, "corrupt: checksum {stated:#010x} at byte 12, {found:#010x} of the bytes")
            }
            Self::Shape { offset, field, value, max } => {
                write!(
                    f,
                    "byte {offset}: {field} is {value}, allowed are values up to {max} that fit the others"
                )
            }
            Self::Name { offset } => write!(f, "byte {offset}: a name that is not UTF-8"),
        }
    }
}

impl core::error::Error for ContainerError {}

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Components of a word's vector: a multiple of 8 and of `heads`.
    pub width: usize,
    /// Units between the two matrices of a feed-forward layer.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Layers of attention.
    pub layers: usize,
    /// Intents; the name of each says which.
    pub intents: usize,
    /// Slots; each has two tags.
    pub slots: usize,
    /// Rows of the tables.
    pub buckets: Buckets,
}

impl Shape {
    /// Tags of a word: outside, then begin and inside of each slot.
    pub const fn tags(&self) -> usize {
        1 + 2 * self.slots
    }

    /// Bytes of one row of a table.
    pub const fn table_row(&self) -> usize {
        2 + self.width / 2
    }

    /// Checks that the numbers fit one another; `offset` is that of each field in the head.
    const fn check(&self) -> Result<(), ContainerError> {
        let Self { width, hidden, heads, layers, intents, slots, buckets } = *self;
        let checks = [
            (16, "width", width, MAX_WIDTH, width >= 8 && width % 8 == 0),
            (18, "hidden", hidden, MAX_HIDDEN, hidden > 0),
            (20, "intents", intents, MAX_INTENTS, intents > 0),
            (22, "slots", slots, MAX_SLOTS, true),
            (24, "word rows", buckets.words as usize, 1 << 16, buckets.words > 0),
            (28, "pattern rows", buckets.patterns as usize, 1 << 16, buckets.patterns > 0),
            (32, "heads", heads, MAX_HEADS, heads > 0 && width % heads == 0),
            (33, "layers", layers, MAX_LAYERS, true),
        ];
        let mut rest: &[_] = &checks;
        while let [(offset, field, value, max, fits), others @ ..] = rest {
            if *value > *max || !*fits {
                return Err(ContainerError::Shape { offset: *offset, field, value: *value, max: *max });
            }
            rest = others;
        }
        Ok(())
    }
}

/// The matrices of one layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer<'a> {
    pub query: Matrix<'a>,
    pub key: Matrix<'a>,
    pub value: Matrix<'a>,
    /// `[heads][DISTANCES] i32`, in the unit of a score.
    pub distances: &'a [[u8; 4]],
    pub output: Matrix<'a>,
    pub up: Matrix<'a>,
    pub down: Matrix<'a>,
}

/// A model, borrowed from its container.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    shape: Shape,
    pub(super) residual_bits: u32,
    pub(super) words: &'a [u8],
    pub(super) patterns: &'a [u8],
    pub(super) convolution: Matrix<'a>,
    layers: [Option<Layer<'a>>; MAX_LAYERS],
    pub(super) pooling: Matrix<'a>,
    pub(super) intents: Matrix<'a>,
    pub(super) tags: Matrix<'a>,
    pub(super) intent_temperature: u16,
    pub(super) tag_temperature: u16,
    masks: &'a [u8],
    names: &'a [u8],
}

impl<'a> Model<'a> {
    /// Checks `bytes` and finds the parts of the model in them.
    ///
    /// # Errors
    /// [`ContainerError`] where they are not a whole model of this version.
    pub fn open<M: Meter>(bytes: &'a [u8], meter: &mut M) -> Result<Self, ContainerError> {
        let mut reader = Reader { rest: bytes, offset: 0 };
        if reader.array::<4>()? != MAGIC {
            return Err(ContainerError::Magic);
        }
        let version = reader.u16()?;
        if version != VERSION {
            return Err(ContainerError::Version { found: version });
        }
        reader.zero("reserved", 2)?;
        let (total, stated) = (reader.u32()? as usize, reader.u32()?);
        if total > MAX_BYTES {
            return Err(ContainerError::Shape { offset: 8, field: "length", value: total, max: MAX_BYTES });
        }
        if bytes.len() < total {
            return Err(ContainerError::Truncated { offset: 0, needs: total, have: bytes.len() });
        }
        if bytes.len() > total {
            return Err(ContainerError::TooLong { offset: total, extra: bytes.len() - total });
        }
        let found = crc32(reader.rest, meter);
        if found != stated {
            return Err(ContainerError::Checksum { stated, found });
        }
        Self::parts(reader)
    }

    fn parts(mut reader: Reader<'a>) -> Result<Self, ContainerError> {
        let [width, hidden, intents, slots] =
            [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?].map(usize::from);
        let buckets = Buckets { words: reader.u32()?, patterns: reader.u32()? };
        let [heads, layers] = reader.array::<2>()?.map(usize::from);
        let shape = Shape { width, hidden, heads, layers, intents, slots, buckets };
        shape.check()?;
        let residual_bits = reader.bits("residual bits", 14)?;
        reader.zero("reserved", 1)?;
        let (intent_temperature, tag_temperature) = (reader.u16()?, reader.u16()?);
        let words = reader.take(buckets.words as usize * shape.table_row())?;
        let patterns = reader.take(buckets.patterns as usize * shape.table_row())?;
        let convolution = reader.matrix(width, 3 * width)?;
        let mut all = [None; MAX_LAYERS];
        for layer in all.iter_mut().take(layers) {
            *layer = Some(reader.layer(&shape)?);
        }
        let pooling = reader.matrix(1, width)?;
        let intent_head = reader.matrix(intents, width)?;
        let tags = reader.matrix(shape.tags(), width)?;
        let masks = reader.take(intents * slots.div_ceil(8))?;
        let names = reader.rest;
        for _ in 0..intents + slots {
            reader.name()?;
        }
        if !reader.rest.is_empty() {
            return Err(ContainerError::TooLong { offset: reader.offset, extra: reader.rest.len() });
        }
        Ok(Self {
            shape,
            residual_bits,
            words,
            patterns,
            convolution,
            layers: all,
            pooling,
            intents: intent_head,
            tags,
            intent_temperature,
            tag_temperature,
            masks,
            names,
        })
    }

    /// The sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.layers.iter().flatten()
    }

    /// Did `slot` occur with `intent` in what the model was trained on?
    pub fn allows(&self, intent: usize, slot: usize) -> bool {
        let row = self.shape.slots.div_ceil(8);
        let byte = self.masks.get(intent * row + slot / 8).copied().unwrap_or(0);
        slot < self.shape.slots && byte >> (slot % 8) & 1 == 1
    }

    /// The name of an intent; empty where there is none.
    pub fn intent_name(&self, intent: usize) -> &'a str {
        if intent < self.shape.intents { self.name(intent) } else { "" }
    }

    /// Is `intent` that of sentences that are no command of the model?
    pub fn is_none(&self, intent: usize) -> bool {
        self.intent_name(intent) == NONE
    }

    /// The name of a slot; empty where there is none.
    pub fn slot_name(&self, slot: usize) -> &'a str {
        if slot < self.shape.slots { self.name(self.shape.intents + slot) } else { "" }
    }

    fn name(&self, index: usize) -> &'a str {
        let mut reader = Reader { rest: self.names, offset: 0 };
        for _ in 0..index {
            if reader.name().is_err() {
                return "";
            }
        }
        reader.name().unwrap_or("")
    }
}

/// Bytes, front to back.
struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ContainerError> {
        let have = self.rest.len();
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(ContainerError::Truncated { offset: self.offset, needs: count, have });
        };
        self.rest = rest;
        self.offset += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ContainerError> {
        let offset = self.offset;
        let short = |taken: &[u8]| ContainerError::Truncated { offset, needs: N, have: taken.len() };
        let taken = self.take(N)?;
        taken.first_chunk().copied().ok_or_else(|| short(taken))
    }

    fn u16(&mut self) -> Result<u16, ContainerError> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, ContainerError> {
        self.array().map(u32::from_le_bytes)
    }

    fn zero(&mut self, field: &'static str, count: usize) -> Result<(), ContainerError> {
        let offset = self.offset;
        match self.take(count)?.iter().find(|byte| **byte != 0) {
            Some(byte) => Err(ContainerError::Shape { offset, field, value: (*byte).into(), max: 0 }),
            None => Ok(()),
        }
    }

    fn bits(&mut self, field: &'static str, max: usize) -> Result<u32, ContainerError> {
        let (offset, [value]) = (self.offset, self.array::<1>()?.map(usize::from));
        if value > max {
            return Err(ContainerError::Shape { offset, field, value, max });
        }
        Ok(value as u32)
    }

    fn words(&mut self, count: usize) -> Result<&'a [[u8; 4]], ContainerError> {
        Ok(self.take(4 * count)?.as_chunks().0)
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> Result<Matrix<'a>, ContainerError> {
        let shift = self.bits("shift", 62)?;
        let out_bits = self.bits("out bits", 15)?;
        self.zero("reserved", 2)?;
        let (multipliers, offsets) = (self.words(rows)?, self.words(rows)?);
        let offset = self.offset;
        let weights = self.take(rows * columns)?;
        let weights = <[i8]>::ref_from_bytes(weights).map_err(|_| ContainerError::Truncated {
            offset,
            needs: rows * columns,
            have: weights.len(),
        })?;
        Ok(Matrix { weights, columns, multipliers, offsets, shift, out_bits })
    }

    fn layer(&mut self, shape: &Shape) -> Result<Layer<'a>, ContainerError> {
        let Shape { width, hidden, heads, .. } = *shape;
        Ok(Layer {
            query: self.matrix(width, width)?,
            key: self.matrix(width, width)?,
            value: self.matrix(width, width)?,
            distances: self.words(heads * DISTANCES)?,
            output: self.matrix(width, width)?,
            up: self.matrix(hidden, width)?,
            down: self.matrix(width, hidden)?,
        })
    }

    fn name(&mut self) -> Result<&'a str, ContainerError> {
        let offset = self.offset;
        let [length] = self.array::<1>()?.map(usize::from);
        if length == 0 || length > MAX_NAME {
            return Err(ContainerError::Shape {
                offset,
                field: "length of a name",
                value: length,
                max: MAX_NAME,
            });
        }
        core::str::from_utf8(self.take(length)?).map_err(|_| ContainerError::Name { offset })
    }
}
