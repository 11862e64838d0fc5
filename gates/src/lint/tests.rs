//! Places of findings, drawings and SARIF, on files.
