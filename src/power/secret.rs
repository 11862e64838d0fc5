//! What must not stand in a file: read from the one variable that the options name, when it is needed.

/// The value of a variable.
///
/// # Errors
/// When it is not set, with the key of the options that names it.
pub(super) fn read(variable: &str, key: &str) -> Result<String, String> {
    match std::env::var(variable) {
        Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
        _ => Err(format!("the variable {variable} is not set: set it, or leave out `{key}`")),
    }
}

/// Whether a text can name a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
