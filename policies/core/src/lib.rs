//! aigw
