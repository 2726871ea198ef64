//! The table of roles: one line each.
//!
//! A role is named in its own file, in its line here, in fixtures, tests and documents, and nowhere else. Everything that
//! goes over all roles is made from this table by `for_each_role`. The table lies below the console and the wire, which
//! name roles too, and holds nothing but names; what a role does is in its file below [`role`](crate::role).

/// Hands the table to the macro `$then`, a line a role: its type, its file, its alias, its plain word, its number on the
/// wire; behind what else is said in parentheses. Append only: a number on the wire keeps its meaning.
#[macro_export]
macro_rules! for_each_role {
    ($then:ident $(($($context:tt)*))?) => {
        $then! {
            $(($($context)*))?
            /// Finds the nearest stored texts.
            HnswIndexer hnsw "hnsw" "indexer" 0;
            /// Finds the texts that answer a question.
            RagRetriever rag "rag" "retriever" 1;
            /// Detects anomalies in sensor samples and texts.
            AnomalySentinel anomaly "anomaly" "sentinel" 2;
            /// Keeps typed memories and evicts the least valuable.
            MemoryArchivist memory "memory" "archivist" 3;
        }
    };
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $file:ident $alias:literal $word:literal $code:literal;)*) => {
        /// Which role a chip has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum RoleKind {
            $($(#[$doc])* $kind,)*
        }

        impl RoleKind {
            /// Every role, in the order in which they are listed.
            pub const ALL: [RoleKind; [$($code),*].len()] = [$(RoleKind::$kind),*];

            /// The full name, as in replies: `HnswIndexer`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(RoleKind::$kind => stringify!($kind),)*
                }
            }

            /// The short name, as in options, scenarios and files: `hnsw`.
            pub const fn alias(self) -> &'static str {
                match self {
                    $(RoleKind::$kind => $alias,)*
                }
            }

            /// The plain word: `indexer`.
            pub const fn word(self) -> &'static str {
                match self {
                    $(RoleKind::$kind => $word,)*
                }
            }

            /// The number of the role on the wire.
            pub const fn code(self) -> u8 {
                match self {
                    $(RoleKind::$kind => $code,)*
                }
            }
        }
    };
}
for_each_role!(kinds);

impl RoleKind {
    /// Everything that the role answers to: alias, plain word, full name.
    pub const fn names(self) -> [&'static str; 3] {
        [self.alias(), self.word(), self.name()]
    }

    /// The role of this alias, plain word or full name, in any case.
    pub fn by_name(name: &str) -> Option<RoleKind> {
        RoleKind::ALL.into_iter().find(|kind| kind.names().iter().any(|own| own.eq_ignore_ascii_case(name)))
    }

    /// The role of this number on the wire.
    pub fn by_code(code: u8) -> Option<RoleKind> {
        RoleKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_by_alias_word_and_name_in_any_case() {
        for kind in RoleKind::ALL {
            for name in kind.names() {
                assert_eq!(RoleKind::by_name(name), Some(kind));
                assert_eq!(RoleKind::by_name(&name.to_uppercase()), Some(kind));
            }
            assert_eq!(RoleKind::by_code(kind.code()), Some(kind));
        }
        assert_eq!(RoleKind::by_name("SENTINEL"), RoleKind::by_name("anomaly"));
        assert_eq!((RoleKind::by_name(""), RoleKind::by_code(200)), (None, None));
    }

    #[test]
    fn no_two_roles_share_a_name_or_a_number() {
        let names: std::collections::BTreeSet<_> =
            RoleKind::ALL.iter().flat_map(|kind| kind.names()).collect();
        let codes: std::collections::BTreeSet<_> = RoleKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!((names.len(), codes.len()), (3 * RoleKind::ALL.len(), RoleKind::ALL.len()));
    }
}
