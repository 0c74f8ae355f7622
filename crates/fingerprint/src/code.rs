//! The public parameters of a case's code, and the codewords made from them.

use crate::alphabet::NARROW_MAX;
use crate::key::{Choices, Stream};
use crate::{Alphabet, Design, Key, VALUES_MAX};

/// Most sites of one code.
pub const SITES_MAX: usize = 1 << 20;
const MAGIC: &[u8; 20] = b"headstart code v1\0\0\0";
/// A run of sites with the same alphabet starts at a multiple of so many bytes of the stream.
const RUN: u32 = 64;

/// What the caller knows of one mark site before a code is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteShape {
    /// Number of values, 2 to 2^32.
    pub values: u64,
    /// Sites of one section (an artifact, a paragraph) share biases and layers evenly.
    pub section: u32,
}

/// Whose codeword a site carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The group's (a partner's): the same in all its slots.
    Group,
    /// The slot's own (a seat's).
    Slot,
}

/// One site of a planned code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCode {
    /// Whose codeword it carries.
    pub layer: Layer,
    /// Its section, as the shape said.
    pub section: u32,
    /// Its values and their probabilities.
    pub alphabet: Alphabet,
    /// Byte (narrow) or word (wide) of the layer's key stream that decides it.
    pub(crate) lane: u32,
}

/// Why a code cannot be planned or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// There is no site.
    #[error("a code needs at least one site")]
    NoSites,
    /// More than [`SITES_MAX`].
    #[error("`{sites}` sites are more than the limit SITES_MAX of {SITES_MAX}")]
    TooManySites {
        /// Sites asked for.
        sites: u64,
    },
    /// A site has fewer than 2 or more than [`VALUES_MAX`] values.
    #[error("site `{site}` has `{values}` values; it may have 2 to VALUES_MAX ({VALUES_MAX})")]
    Values {
        /// Index of the site.
        site: usize,
        /// Its number of values.
        values: u64,
    },
    /// No slot.
    #[error("a code needs at least one slot")]
    NoSlots,
    /// The risk is not between 0 and 1.
    #[error("the innocent risk `{innocent_risk}` is not between 0 and 1")]
    Risk {
        /// What was given.
        innocent_risk: f64,
    },
    /// The bytes do not begin as a code of this version does.
    #[error("the bytes are not a code of version 1")]
    Magic,
    /// The bytes end early or go on too long.
    #[error("the code's bytes end or go on unexpectedly at byte `{at}`")]
    Length {
        /// Where.
        at: usize,
    },
    /// A field has a value that no code has.
    #[error("the code's bytes hold an impossible {field} at byte `{at}`")]
    Field {
        /// Which field.
        field: &'static str,
        /// Where.
        at: usize,
    },
}

impl CodeError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSites => "mark at least one place with two or more forms",
            Self::TooManySites { .. } => "split the case into several",
            Self::Values { .. } => "give the site two or more values",
            Self::NoSlots => "add a seat first",
            Self::Risk { .. } => "use a small risk such as 1e-6",
            Self::Magic | Self::Length { .. } | Self::Field { .. } => {
                "take the code's bytes from the case again"
            }
        }
    }
}

/// The public parameters of a case's code: for each site its layer and the exact probabilities of
/// its values. The same shapes and seed give the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    design: Design,
    slots: u64,
    innocent_risk: f64,
    sites: Vec<SiteCode>,
}

impl Code {
    /// Chooses design, biases and layers.
    ///
    /// About half of the bits go to each layer, in the whole and as far as possible within each
    /// section, apart for sites of at most sixteen values and of more, so that a leak that drops
    /// the many-valued ones still has both layers. Biases are dealt from decks shuffled by a PRF of
    /// `seed`, so every section holds all of them.
    ///
    /// # Errors
    /// [`CodeError`] for no or too many sites, an impossible number of values, no slots, or a risk
    /// outside 0..1.
    pub fn plan(
        shapes: &[SiteShape],
        slots: u64,
        innocent_risk: f64,
        seed: &[u8; 32],
    ) -> Result<Self, CodeError> {
        Self::plan_against(shapes, slots, innocent_risk, seed, None)
    }

    /// As [`Code::plan`], with the design that says most about exactly `coalition` leakers.
    ///
    /// # Errors
    /// As [`Code::plan`].
    pub fn plan_against(
        shapes: &[SiteShape],
        slots: u64,
        innocent_risk: f64,
        seed: &[u8; 32],
        coalition: Option<u32>,
    ) -> Result<Self, CodeError> {
        check(shapes, slots, innocent_risk)?;
        let narrow = shapes.iter().filter(|s| s.values <= NARROW_MAX).count() as u64;
        let bits = libm::log2(slots as f64 / innocent_risk).max(1.0) + 2.0;
        let design = Design::choose(narrow.div_ceil(2), bits, coalition);
        Self::plan_with(shapes, slots, innocent_risk, seed, design)
    }

    /// As [`Code::plan`], with a given design.
    ///
    /// # Errors
    /// As [`Code::plan`].
    pub fn plan_with(
        shapes: &[SiteShape],
        slots: u64,
        innocent_risk: f64,
        seed: &[u8; 32],
        design: Design,
    ) -> Result<Self, CodeError> {
        check(shapes, slots, innocent_risk)?;
        let mut choices = Choices::new(seed);
        let order = shuffled_by_section(shapes, &mut choices);
        let layers = balance(shapes, &order);
        let mut decks = [Deck::new(design), Deck::new(design)];
        let mut sites: Vec<Option<SiteCode>> = vec![None; shapes.len()];
        for &i in &order {
            let (Some(shape), Some(layer)) = (shapes.get(i), layers.get(i).copied()) else {
                continue;
            };
            let deck = &mut decks[usize::from(layer == Layer::Slot)];
            let alphabet = match shape.values {
                2 => Alphabet::Binary {
                    ones: deck.deal(&mut choices),
                },
                3..=NARROW_MAX => weighted(shape.values, deck, &mut choices),
                values => Alphabet::Uniform { values },
            };
            if let Some(place) = sites.get_mut(i) {
                *place = Some(SiteCode {
                    layer,
                    section: shape.section,
                    alphabet,
                    lane: 0,
                });
            }
        }
        let mut sites: Vec<SiteCode> = sites.into_iter().flatten().collect();
        set_lanes(&mut sites);
        Ok(Self {
            design,
            slots,
            innocent_risk,
            sites,
        })
    }

    /// A code of given sites: layer, section and alphabet of each, for studies and tests.
    ///
    /// # Errors
    /// As [`Code::plan`], and [`CodeError::Field`] for an alphabet that no planned code has.
    pub fn assemble(
        sites: Vec<(Layer, u32, Alphabet)>,
        slots: u64,
        innocent_risk: f64,
        design: Design,
    ) -> Result<Self, CodeError> {
        let shapes: Vec<SiteShape> = sites
            .iter()
            .map(|s| SiteShape {
                values: s.2.values(),
                section: s.1,
            })
            .collect();
        check(&shapes, slots, innocent_risk)?;
        let mut sites: Vec<SiteCode> = sites
            .into_iter()
            .map(|(layer, section, alphabet)| SiteCode {
                layer,
                section,
                alphabet,
                lane: 0,
            })
            .collect();
        set_lanes(&mut sites);
        // Reading the bytes back refuses what no code may hold.
        Self::from_bytes(
            &Self {
                design,
                slots,
                innocent_risk,
                sites,
            }
            .to_bytes(),
        )
    }

    /// Canonical bytes: magic, design, slots, risk, number of sites, and for each site its layer,
    /// section and alphabet; numbers little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(41 + self.sites.len() * 7);
        out.extend_from_slice(MAGIC);
        out.push(self.design.tag());
        out.extend_from_slice(&self.slots.to_le_bytes());
        out.extend_from_slice(&self.innocent_risk.to_bits().to_le_bytes());
        out.extend_from_slice(&(self.sites.len() as u32).to_le_bytes());
        for site in &self.sites {
            out.push(u8::from(site.layer == Layer::Slot));
            out.extend_from_slice(&site.section.to_le_bytes());
            match &site.alphabet {
                Alphabet::Binary { ones } => out.extend_from_slice(&[0, *ones]),
                Alphabet::Weighted(weights) => {
                    out.push(weights.len() as u8);
                    out.extend_from_slice(weights);
                }
                Alphabet::Uniform { values } => {
                    out.push(255);
                    out.extend_from_slice(&values.to_le_bytes());
                }
            }
        }
        out
    }

    /// Reads what [`Code::to_bytes`] wrote; accepts nothing else.
    ///
    /// # Errors
    /// [`CodeError`] that says where the bytes are wrong. At most [`SITES_MAX`] sites.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodeError> {
        let mut input = Input { bytes, at: 0 };
        if input.take(MAGIC.len()) != Ok(MAGIC) {
            return Err(CodeError::Magic);
        }
        let design = Design::from_tag(input.byte()?).ok_or_else(|| input.bad("design"))?;
        let slots = u64::from_le_bytes(input.array()?);
        if slots == 0 {
            return Err(input.bad("number of slots"));
        }
        let innocent_risk = f64::from_bits(u64::from_le_bytes(input.array()?));
        if !(innocent_risk > 0.0 && innocent_risk < 1.0) {
            return Err(input.bad("innocent risk"));
        }
        let count = u32::from_le_bytes(input.array()?) as usize;
        if count == 0 {
            return Err(CodeError::NoSites);
        }
        if count > SITES_MAX {
            return Err(CodeError::TooManySites {
                sites: count as u64,
            });
        }
        // A site takes at least 7 bytes, so a short input cannot make us reserve much.
        let mut sites = Vec::with_capacity(count.min(bytes.len() / 7));
        for _ in 0..count {
            let layer = match input.byte()? {
                0 => Layer::Group,
                1 => Layer::Slot,
                _ => return Err(input.bad("layer")),
            };
            let section = u32::from_le_bytes(input.array()?);
            let alphabet = input.alphabet()?;
            sites.push(SiteCode {
                layer,
                section,
                alphabet,
                lane: 0,
            });
        }
        if input.at != bytes.len() {
            return Err(CodeError::Length { at: input.at });
        }
        set_lanes(&mut sites);
        Ok(Self {
            design,
            slots,
            innocent_risk,
            sites,
        })
    }

    /// Number of sites.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sites.len()
    }

    /// Never: a code has at least one site.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Site `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Code::len`].
    #[must_use]
    pub fn site(&self, i: usize) -> &SiteCode {
        &self.sites[i]
    }

    /// All sites in order.
    #[must_use]
    pub fn sites(&self) -> &[SiteCode] {
        &self.sites
    }

    /// The biases' design.
    #[must_use]
    pub const fn design(&self) -> Design {
        self.design
    }

    /// The number of slots that the code was planned for.
    #[must_use]
    pub const fn slots(&self) -> u64 {
        self.slots
    }

    /// The risk that the code was planned for.
    #[must_use]
    pub const fn innocent_risk(&self) -> f64 {
        self.innocent_risk
    }

    /// The value of each site in one copy: group-layer sites from `group`, slot-layer sites from
    /// `slot`.
    #[must_use]
    pub fn codeword(&self, group: &Key, slot: &Key) -> Vec<u64> {
        let mut out = vec![0; self.sites.len()];
        self.fill(Layer::Group, group, &mut out);
        self.fill(Layer::Slot, slot, &mut out);
        out
    }

    /// The value of one site in one copy.
    ///
    /// # Panics
    /// If `site` is not below [`Code::len`].
    #[must_use]
    pub fn symbol(&self, site: usize, group: &Key, slot: &Key) -> u64 {
        let code = &self.sites[site];
        let key = match code.layer {
            Layer::Group => group,
            Layer::Slot => slot,
        };
        if code.alphabet.is_narrow() {
            let mut byte = [0];
            key.stream(Stream::Narrow, u64::from(code.lane), &mut byte);
            code.alphabet.narrow(byte[0])
        } else {
            let mut word = [0; 8];
            key.stream(Stream::Wide, u64::from(code.lane) * 8, &mut word);
            code.alphabet.wide(u64::from_le_bytes(word))
        }
    }

    /// Writes the values of one layer into `out` (one place a site; the other layer's stay).
    pub(crate) fn fill(&self, layer: Layer, key: &Key, out: &mut [u64]) {
        let narrow = self.stream_len(layer, true);
        let mut bytes = vec![0; narrow];
        if narrow > 0 {
            key.stream(Stream::Narrow, 0, &mut bytes);
        }
        let wide = self.stream_len(layer, false) * 8;
        let mut words = vec![0; wide];
        if wide > 0 {
            key.stream(Stream::Wide, 0, &mut words);
        }
        for (site, place) in self.sites.iter().zip(out) {
            if site.layer != layer {
                continue;
            }
            let lane = site.lane as usize;
            *place = if site.alphabet.is_narrow() {
                bytes.get(lane).map_or(0, |b| site.alphabet.narrow(*b))
            } else {
                words
                    .get(lane * 8..lane * 8 + 8)
                    .and_then(|w| w.try_into().ok())
                    .map_or(0, |w| site.alphabet.wide(u64::from_le_bytes(w)))
            };
        }
    }

    /// Bytes (narrow) or words (wide) of a key's stream that a layer uses.
    pub(crate) fn stream_len(&self, layer: Layer, narrow: bool) -> usize {
        self.sites
            .iter()
            .filter(|s| s.layer == layer && s.alphabet.is_narrow() == narrow)
            .map(|s| s.lane as usize + 1)
            .max()
            .unwrap_or(0)
    }
}

fn check(shapes: &[SiteShape], slots: u64, innocent_risk: f64) -> Result<(), CodeError> {
    if shapes.is_empty() {
        return Err(CodeError::NoSites);
    }
    if shapes.len() > SITES_MAX {
        return Err(CodeError::TooManySites {
            sites: shapes.len() as u64,
        });
    }
    if slots == 0 {
        return Err(CodeError::NoSlots);
    }
    if !(innocent_risk > 0.0 && innocent_risk < 1.0) {
        return Err(CodeError::Risk { innocent_risk });
    }
    for (site, shape) in shapes.iter().enumerate() {
        if !(2..=VALUES_MAX).contains(&shape.values) {
            return Err(CodeError::Values {
                site,
                values: shape.values,
            });
        }
    }
    Ok(())
}

/// The sites' indices, section by section in ascending order, shuffled within each.
fn shuffled_by_section(shapes: &[SiteShape], choices: &mut Choices) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shapes.len()).collect();
    choices.shuffle(&mut order);
    order.sort_by_key(|i| shapes.get(*i).map_or(0, |s| s.section));
    order
}

/// Deals the sites to the two layers: the greatest first within each section, each to the layer
/// that has less of its kind in the section, then in the whole; group before slot.
fn balance(shapes: &[SiteShape], order: &[usize]) -> Vec<Layer> {
    let mut layers = vec![Layer::Group; shapes.len()];
    // [kind][layer] in 2^-20 bits, so that sums are exact and the same everywhere.
    let mut whole = [[0_u64; 2]; 2];
    let shape_of = |i: &usize| {
        shapes.get(*i).copied().unwrap_or(SiteShape {
            values: 2,
            section: 0,
        })
    };
    for section in order.chunk_by(|a, b| shape_of(a).section == shape_of(b).section) {
        let mut here = [[0_u64; 2]; 2];
        let mut sorted = section.to_vec();
        sorted.sort_by_key(|i| core::cmp::Reverse(shape_of(i).values));
        for i in &sorted {
            let values = shape_of(i).values;
            let kind = usize::from(values > NARROW_MAX);
            let bits = (libm::log2(values as f64) * f64::from(1 << 20)) as u64;
            let slot = (here[kind][1], whole[kind][1]) < (here[kind][0], whole[kind][0]);
            let layer = usize::from(slot);
            here[kind][layer] += bits;
            whole[kind][layer] += bits;
            if let Some(place) = layers.get_mut(*i) {
                *place = if slot { Layer::Slot } else { Layer::Group };
            }
        }
    }
    layers
}

/// A deck of the design's biases, dealt in PRF order and shuffled anew when it runs out.
struct Deck {
    design: Design,
    left: Vec<u8>,
}

impl Deck {
    const fn new(design: Design) -> Self {
        Self {
            design,
            left: Vec::new(),
        }
    }

    fn deal(&mut self, choices: &mut Choices) -> u8 {
        if self.left.is_empty() {
            self.left = self.design.biases().to_vec();
            choices.shuffle(&mut self.left);
        }
        self.left.pop().unwrap_or(128)
    }
}

/// Unequal weights for 3 to 16 values: a balanced tree of two-way splits, each by a bias of the
/// deck, shuffled. A leak's value then says as much as the splits above it together.
fn weighted(values: u64, deck: &mut Deck, choices: &mut Choices) -> Alphabet {
    let mut weights = Vec::with_capacity(16);
    split(values as u16, 256, deck, choices, &mut weights);
    choices.shuffle(&mut weights);
    Alphabet::Weighted(weights)
}

fn split(values: u16, weight: u16, deck: &mut Deck, choices: &mut Choices, out: &mut Vec<u8>) {
    if values == 1 {
        // At least two values share 256, each at least 1, so this fits.
        out.push(weight.min(255) as u8);
        return;
    }
    let left = values / 2;
    let right = values - left;
    let bias = u32::from(deck.deal(choices));
    // An uneven split starts from the even share, moved as the bias is from 1/2.
    let share = u32::from(weight) * bias / 256;
    // Two units a value at the least, as long as the weight has them.
    let least = if weight >= 2 * values { 2 } else { 1 };
    let share = (share as u16).clamp(least * left, weight - least * right);
    split(left, share, deck, choices, out);
    split(right, weight - share, deck, choices, out);
}

/// Numbers the sites' lanes within their layer's stream: two-valued ones in runs of equal bias,
/// each run at a multiple of [`RUN`] bytes, so that a scorer compares a run with one threshold.
fn set_lanes(sites: &mut [SiteCode]) {
    for layer in [Layer::Group, Layer::Slot] {
        let mut order: Vec<usize> = (0..sites.len())
            .filter(|i| sites.get(*i).is_some_and(|s| s.layer == layer))
            .collect();
        order.sort_by(|a, b| {
            let alphabet = |i: &usize| sites.get(*i).map(|s| &s.alphabet);
            alphabet(a).cmp(&alphabet(b)).then(a.cmp(b))
        });
        let (mut narrow, mut wide) = (0_u32, 0_u32);
        let mut previous: Option<Alphabet> = None;
        for i in order {
            let Some(site) = sites.get_mut(i) else {
                continue;
            };
            if site.alphabet.is_narrow() {
                let binary = matches!(site.alphabet, Alphabet::Binary { .. });
                if binary && previous.as_ref() != Some(&site.alphabet) {
                    narrow = narrow.next_multiple_of(RUN);
                    previous = Some(site.alphabet.clone());
                }
                site.lane = narrow;
                narrow += 1;
            } else {
                site.lane = wide;
                wide += 1;
            }
        }
    }
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    const fn bad(&self, field: &'static str) -> CodeError {
        CodeError::Field { field, at: self.at }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], CodeError> {
        let end = self.at.saturating_add(count);
        let part = self
            .bytes
            .get(self.at..end)
            .ok_or(CodeError::Length { at: self.at })?;
        self.at = end;
        Ok(part)
    }

    fn byte(&mut self) -> Result<u8, CodeError> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodeError> {
        let at = self.at;
        self.take(N)?
            .try_into()
            .map_err(|_| CodeError::Length { at })
    }

    fn alphabet(&mut self) -> Result<Alphabet, CodeError> {
        match self.byte()? {
            0 => match self.byte()? {
                0 => Err(self.bad("bias")),
                ones => Ok(Alphabet::Binary { ones }),
            },
            255 => {
                let values = u64::from_le_bytes(self.array()?);
                if (NARROW_MAX + 1..=VALUES_MAX).contains(&values) {
                    Ok(Alphabet::Uniform { values })
                } else {
                    Err(self.bad("number of values"))
                }
            }
            q if (3..=NARROW_MAX).contains(&u64::from(q)) => {
                let weights = self.take(usize::from(q))?.to_vec();
                let sum: u32 = weights.iter().map(|w| u32::from(*w)).sum();
                if sum == 256 && !weights.contains(&0) {
                    Ok(Alphabet::Weighted(weights))
                } else {
                    Err(self.bad("weight"))
                }
            }
            _ => Err(self.bad("alphabet")),
        }
    }
}
