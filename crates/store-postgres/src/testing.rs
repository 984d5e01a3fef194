//! For tests that take one database after the other.

use crate::{Options, PostgresStore};
use actas_domain::secret::SecretText;

/// SQL that takes away all rows and leaves the schema as [`prepare`] made it.
pub const EMPTY: &str = "DO $$ DECLARE each text; BEGIN \
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() \
        AND tablename NOT IN ('meta', 'record_head') \
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(each); END LOOP; \
    UPDATE record_head SET position = 0; END $$";

/// Makes the schema in an empty database, on a thread of its own, so that a runtime may be at work around it.
///
/// # Panics
/// When the database cannot be opened.
#[expect(clippy::panic, reason = "a test that has no database cannot go on")]
pub fn prepare(url: &str) {
    let options = Options::new(SecretText::new(url.to_owned()));
    let work = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let made = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            runtime.block_on(async {
                let store = PostgresStore::open(&options).await.map_err(|error| error.to_string())?;
                store.close().await;
                Ok(())
            })
        });
        if let Err(problem) = made {
            panic!("{problem}");
        }
    };
    if std::thread::spawn(work).join().is_err() {
        panic!("the schema could not be made");
    }
}
