//! Keys of a data directory: one seals provider tokens where there is no KMS, one signs development tokens.

use std::path::Path;
use std::{fs, io};

use connector_domain::ports::Random;

use super::{Data, StackError, private};

/// Seals provider tokens.
pub(super) const SEAL: &str = "token.key";
/// Signs development tokens.
pub(super) const ISSUER: &str = "issuer.key";

/// The key of that name in a data directory, made when there is none. For rows in memory, a new one.
pub(super) fn open(data: &Data, name: &str, random: &dyn Random) -> Result<[u8; 32], StackError> {
    match data {
        Data::Memory => Ok(new(random)),
        Data::Dir(directory) => read(&directory.join(name), random),
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
        let key = open(&data, SEAL, &OsRandom).unwrap();
        assert_eq!(open(&data, SEAL, &OsRandom).unwrap(), key);
        assert_ne!(open(&data, ISSUER, &OsRandom).unwrap(), key);
        assert_ne!(open(&Data::Memory, SEAL, &OsRandom).unwrap(), key);
    }

    #[test]
    fn a_bad_key_is_named_and_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(SEAL);
        fs::write(&path, "c0ffee").unwrap();
        let error = open(&Data::Dir(directory.path().to_owned()), SEAL, &OsRandom).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && !error.contains("c0ffee"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c0ffee");
    }
}
