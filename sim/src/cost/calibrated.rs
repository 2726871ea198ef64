//! stub
use super::fitted::Calibration;
pub const ESP32C3: Calibration = Calibration {
    commit: "none",
    samples: 0,
    mean_error: 0,
    held_out_error: 0,
    session_error: 0,
    prices: [0; 32],
};
pub const ESP32C6: Calibration = ESP32C3;
