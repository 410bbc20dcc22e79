//! What is not the same text on both databases, each with its reason.

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    fn pick(self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }

    /// The size of the whole database in bytes. No standard knows this.
    pub(crate) fn size(self) -> &'static str {
        self.pick(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            "SELECT pg_database_size(current_database())",
        )
    }

    /// Keeps two programs from migrating at once. On SQLite, `BEGIN IMMEDIATE` does that already.
    pub(crate) fn lock_migrations(self) -> &'static str {
        self.pick("", "SELECT pg_advisory_xact_lock(8031745)")
    }

    /// One row when the table of migrations is there. The catalogues have nothing in common.
    pub(crate) fn has_migrations(self) -> &'static str {
        self.pick(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'muster_migration'",
            "SELECT CAST(1 AS BIGINT) FROM pg_tables \
             WHERE schemaname = current_schema() AND tablename = 'muster_migration'",
        )
    }

    /// Lets the planner count again. Every statement has its index, which SQLite takes when it knows nothing; what it
    /// counted while a table was small would only mislead it later.
    pub(crate) fn analyze(self) -> &'static str {
        self.pick("", "ANALYZE")
    }
}
