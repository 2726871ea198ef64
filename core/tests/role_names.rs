//! A role is named in its own file, in its line of the table, in tests, fixtures and documents, and nowhere else.
//!
//! This is what makes a new role a file and a line: where another source file names a role, it decides something that the
//! role should say of itself.

#[cfg(test)]
mod tests {
    use ruvllm_esp_core::role::RoleKind;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// The sources under `folder`; tests and what is built are none.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            if path.is_dir()
                && !["target", "tests", "fuzz", "examples"].contains(&name.as_str())
                && !name.starts_with('.')
            {
                sources(&path, found);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }

    /// A file without the tests at its end.
    fn without_tests(path: &Path) -> String {
        let text = fs::read_to_string(path).unwrap();
        text.split("#[cfg(test)]\nmod tests").next().unwrap().to_string()
    }

    #[test]
    fn no_source_file_names_a_role_but_its_own_and_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut files = Vec::new();
        for part in ["core", "sim", "cli", "benches", "firmware", "train"] {
            if root.join(part).is_dir() {
                sources(&root.join(part), &mut files);
            }
        }
        let mut naming = Vec::new();
        let mut own = 0;
        for path in files {
            let relative = path.strip_prefix(root).unwrap();
            let is_table = relative == Path::new("core/src/role_kind.rs");
            let text = without_tests(&path);
            for role in RoleKind::ALL.into_iter().filter(|role| text.contains(role.name())) {
                // Its own file defines the type of that name.
                match is_table || text.contains(&format!("pub struct {}<", role.name())) {
                    true => own += 1,
                    false => naming.push(format!("{} in {}", role.name(), relative.display())),
                }
            }
        }
        assert_eq!(own, 2 * RoleKind::ALL.len(), "each role is named in the table and in its own file");
        assert!(
            naming.is_empty(),
            "let the role say of itself what these files decide by its name: {naming:#?}"
        );
    }
}
