//! The whole store as text, for snapshots and for people who want to see all of it.

use std::fmt::Write as _;

use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::{Result, Store};

impl Store {
    /// Every table in the order of its name, every row in the order of its key, one line per row. Blobs are shown by their
    /// length.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn dump(&self) -> Result<String> {
        let tables: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%' \
             ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut out = String::new();
        for (table,) in tables {
            // The names come from the schema of this program.
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM {table} ORDER BY 1, 2")))
                .fetch_all(&self.readers)
                .await?;
            let _ = writeln!(out, "{table}: {} rows", rows.len());
            for row in rows {
                out.push(' ');
                for column in row.columns() {
                    let value = row.try_get_raw(column.ordinal())?;
                    let shown = if value.is_null() {
                        "NULL".to_owned()
                    } else {
                        match value.type_info().name() {
                            "INTEGER" => row.get::<i64, _>(column.ordinal()).to_string(),
                            "TEXT" => row.get::<String, _>(column.ordinal()).replace('\n', "\\n"),
                            _ => format!("<{} bytes>", row.get::<Vec<u8>, _>(column.ordinal()).len()),
                        }
                    };
                    let _ = write!(out, " {}={shown}", column.name());
                }
                out.push('\n');
            }
        }
        Ok(out)
    }
}
