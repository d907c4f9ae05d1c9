//! A folder of policies as names and bytes, bounded, without leaving the folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::exit::Stop;

/// Most files below a folder. Beyond it the folder is hardly a policy repository.
pub(crate) const MAX_FILES: usize = 50_000;
/// Most bytes of all files together.
pub(crate) const MAX_TOTAL_BYTES: u64 = 256 << 20;
/// Deepest folder.
pub(crate) const MAX_DEPTH: usize = 32;
/// Extensions of what policies are made of: documents, scripts, templates, and the lists and schemas that they name.
const EXTENSIONS: [&str; 6] = ["yaml", "yml", "rhai", "j2", "txt", "json"];

/// What lies below a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Relative paths with `/`, and contents up to the size bound of one file and one byte more.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What could not be taken in, and why.
    pub(crate) refused: Vec<(String, String)>,
}

/// Reads a folder, or the one file that `path` names. `file_bytes` is the bound on one file: of a larger one, one byte more than the bound is
/// kept, so that whoever reads it says that it is too large.
pub(crate) fn read_folder(path: &Path, file_bytes: u64) -> Result<Folder, Stop> {
    let root = path.canonicalize().map_err(|error| Stop::usage(format!("`{}` cannot be read: {error}", path.display())))?;
    let mut walk = Walk { root: root.clone(), file_bytes, total: 0, folder: Folder::default() };
    if root.is_dir() {
        walk.descend(&root, 0)?;
    } else {
        walk.root = root.parent().map_or_else(|| root.clone(), Path::to_path_buf);
        walk.take(&root)?;
    }
    Ok(walk.folder)
}

struct Walk {
    root: PathBuf,
    file_bytes: u64,
    total: u64,
    folder: Folder,
}

impl Walk {
    fn descend(&mut self, folder: &Path, depth: usize) -> Result<(), Stop> {
        if depth > MAX_DEPTH {
            self.refuse(folder, &format!("folders nest deeper than {MAX_DEPTH}"));
            return Ok(());
        }
        let entries =
            fs::read_dir(folder).map_err(|error| Stop::usage(format!("`{}` cannot be read: {error}", folder.display())))?;
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Stop::usage(format!("`{}` cannot be read: {error}", folder.display())))?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                paths.push(entry.path());
            }
        }
        paths.sort();
        for path in paths {
            self.visit(&path, depth)?;
        }
        Ok(())
    }

    fn visit(&mut self, path: &Path, depth: usize) -> Result<(), Stop> {
        let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
        if metadata.is_dir() {
            return self.descend(path, depth + 1);
        }
        if !is_policy_file(path) {
            return Ok(());
        }
        if metadata.is_symlink() {
            return self.follow(path);
        }
        if !metadata.is_file() {
            self.refuse(path, "it is neither a file nor a folder");
            return Ok(());
        }
        self.take(path)
    }

    /// A link is followed to a file within the folder (Kubernetes mounts are made of such links), never out of it and never to a folder.
    fn follow(&mut self, path: &Path) -> Result<(), Stop> {
        match path.canonicalize() {
            Err(error) => self.refuse(path, &format!("the link leads nowhere: {error}")),
            Ok(real) if !real.starts_with(&self.root) => self.refuse(path, "the link leaves the policy folder"),
            Ok(real) if !real.is_file() => self.refuse(path, "the link does not lead to a file"),
            Ok(_) => return self.take(path),
        }
        Ok(())
    }

    fn take(&mut self, path: &Path) -> Result<(), Stop> {
        let name = self.name_of(path);
        let mut bytes = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(self.file_bytes + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            self.folder.refused.push((name, format!("it cannot be read: {error}")));
            return Ok(());
        }
        self.total += bytes.len() as u64;
        if self.total > MAX_TOTAL_BYTES || self.folder.files.len() >= MAX_FILES {
            return Err(Stop::usage(format!("more than {MAX_FILES} files or {} MiB of policies", MAX_TOTAL_BYTES >> 20))
                .help("name the policy folder itself, not one that holds it"));
        }
        self.folder.files.insert(name, bytes);
        Ok(())
    }

    fn refuse(&mut self, path: &Path, why: &str) {
        let name = self.name_of(path);
        self.folder.refused.push((name, why.to_owned()));
    }

    fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

fn is_policy_file(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| EXTENSIONS.contains(&extension))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    fn folder_of(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a: 1\n").unwrap();
        }
        folder
    }

    #[test]
    fn takes_policy_files_in_order_and_leaves_dot_folders_and_others() {
        let folder = folder_of(&["b.yaml", "a/z.yml", "a/x.rhai", ".git/c.yaml", "notes.md", "kustomization.yaml"]);
        let read = read_folder(folder.path(), 100).unwrap();
        assert_eq!(read.files.keys().collect::<Vec<_>>(), ["a/x.rhai", "a/z.yml", "b.yaml", "kustomization.yaml"]);
        assert!(read.refused.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn follows_links_within_the_folder_only() {
        use std::os::unix::fs::symlink;
        let outside = folder_of(&["secret.yaml"]);
        let folder = folder_of(&["real.yaml"]);
        symlink(folder.path().join("real.yaml"), folder.path().join("inside.yaml")).unwrap();
        symlink(outside.path().join("secret.yaml"), folder.path().join("outside.yaml")).unwrap();
        symlink("/dev/zero", folder.path().join("device.yaml")).unwrap();
        symlink(folder.path(), folder.path().join("loop.yaml")).unwrap();
        let read = read_folder(folder.path(), 100).unwrap();
        assert_eq!(read.files.keys().collect::<Vec<_>>(), ["inside.yaml", "real.yaml"]);
        let refused: Vec<_> = read.refused.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["device.yaml", "loop.yaml", "outside.yaml"]);
    }

    #[test]
    fn keeps_one_byte_more_than_the_bound_of_a_large_file() {
        let folder = folder_of(&["a.yaml"]);
        assert_eq!(read_folder(folder.path(), 2).unwrap().files["a.yaml"].len(), 3);
    }

    #[test]
    fn one_file_is_a_folder_of_one() {
        let folder = folder_of(&["a.yaml", "b.yaml"]);
        assert_eq!(read_folder(&folder.path().join("a.yaml"), 100).unwrap().files.len(), 1);
    }
}
