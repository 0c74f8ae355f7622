//! Countries, by their two-letter codes.

use crate::explain::Explain;
use crate::ids::excerpt;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// The officially assigned codes of ISO 3166-1 alpha-2, sorted.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ \
BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ \
DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY \
HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ \
NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ \
TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ \
VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country: an officially assigned code of ISO 3166-1 alpha-2, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(String);

/// A code that ISO 3166-1 does not assign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a country code")]
pub struct CountryError {
    /// What was given, shortened.
    pub given: String,
}

impl Explain for CountryError {
    fn code(&self) -> &str {
        "unknown-country"
    }

    fn hint(&self) -> String {
        "Countries are two-letter codes of ISO 3166-1, for example DE; the United Kingdom is GB."
            .to_owned()
    }
}

impl Country {
    /// Reads a code, in either case.
    ///
    /// # Errors
    /// [`CountryError`] for a code that is not assigned.
    pub fn parse(text: &str) -> Result<Self, CountryError> {
        let upper = text.to_ascii_uppercase();
        if CODES.split_ascii_whitespace().any(|code| code == upper) {
            Ok(Self(upper))
        } else {
            Err(CountryError {
                given: excerpt(text),
            })
        }
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

impl TryFrom<String> for Country {
    type Error = CountryError;

    fn try_from(text: String) -> Result<Self, CountryError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_249_assigned_codes_in_order() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted());
        assert_eq!(Country::parse("de").unwrap().as_str(), "DE");
        for bad in ["UK", "XX", "D", "DEU", "", " DE"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
    }
}
