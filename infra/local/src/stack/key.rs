//! The key that seals provider tokens where there is no KMS.

use std::path::Path;
use std::{fs, io};

use connector_domain::ports::Random;

use super::{Data, StackError, private};

/// Name of the file in the data directory.
const FILE: &str = "token.key";

/// The key of a data directory, made when there is none. For rows in memory, a new one.
pub(super) fn open(data: &Data, random: &dyn Random) -> Result<[u8; 32], StackError> {
    match data {
        Data::Memory => Ok(new(random)),
        Data::Dir(directory) => read(&directory.join(FILE), random),
    }
}

fn read(path: &Path, random: &dyn Random) -> Result<[u8; 32], StackError> {
    let failed = |problem: String| StackError::Key { path: path.to_owned(), problem };
    match fs::read_to_string(path) {
        Ok(text) => {
            let mut key = [0; 32];
            let decoded = hex::decode_to_slice(text.trim_end(), &mut key);
            decoded.map(|()| key).map_err(|_| failed("it does not hold 64 hexadecimal digits".to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = new(random);
            private::write(path, format!("{}\n", hex::encode(key)).as_bytes())
                .map_err(|error| failed(error.to_string()))?;
            Ok(key)
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

fn new(random: &dyn Random) -> [u8; 32] {
    let mut key = [0; 32];
    for half in key.chunks_exact_mut(16) {
        half.copy_from_slice(&random.bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use connector_adapters::system::OsRandom;

    use super::*;

    #[test]
    fn a_directory_keeps_its_key() {
        let directory = tempfile::tempdir().unwrap();
        let data = Data::Dir(directory.path().join("new"));
        let key = open(&data, &OsRandom).unwrap();
        assert_eq!(open(&data, &OsRandom).unwrap(), key);
        assert_ne!(open(&Data::Memory, &OsRandom).unwrap(), key);
    }

    #[test]
    fn a_bad_key_is_named_and_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, "c0ffee").unwrap();
        let error = open(&Data::Dir(directory.path().to_owned()), &OsRandom).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && !error.contains("c0ffee"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c0ffee");
    }
}
