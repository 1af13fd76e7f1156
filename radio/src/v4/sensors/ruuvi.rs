//! Ruuvi's formats 5, 6 and E1 (docs.ruuvi.com, "Bluetooth advertisements").

use domain::{Channel, CounterWidth, Said, Temperature};
use ruuvi_sensor_protocol::{
    Acceleration, AccelerationVector, BatteryPotential, MeasurementSequenceNumber, MovementCounter,
    ParseError, SensorValues, Temperature as _,
};

use crate::v4::advert::Company;

use super::{Axis, Reading};

/// A value of Ruuvi's that is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuuviError {
    /// Of a format that is not known here.
    #[error("Ruuvi format {0:#04x} is not known here")]
    Format(u8),
    /// There are no bytes, or not as many as the format has.
    #[error("read Ruuvi's data")]
    Data(#[source] ParseError),
}

/// Formats that tell what a mold wants to know.
const FORMATS: [u8; 3] = [0x05, 0x06, 0xE1];

/// What data of the maker [`Company::RUUVI`] says; what the sensor does not know is left out.
///
/// A format E1 tells the same as the format 6 beside it, and air besides.
pub fn readings(data: &[u8]) -> Result<Vec<Reading>, RuuviError> {
    if let Some(format) = data.first().filter(|format| !FORMATS.contains(format)) {
        return Err(RuuviError::Format(*format));
    }
    let values =
        SensorValues::from_manufacturer_specific_data(Company::RUUVI.0, data).map_err(RuuviError::Data)?;
    let temperature = values.temperature_as_millicelsius().map(Temperature::from_milli_celsius);
    let movements = values.movement_counter().map(|count| Reading::Movements {
        count: u64::from(count),
        // Of the 256 readings, 255 says "not known": nobody can tell how it rolls over.
        width: CounterWidth::Unknown,
    });
    let along = |AccelerationVector(x, y, z)| {
        [(Axis::X, x), (Axis::Y, y), (Axis::Z, z)]
            .map(|(axis, milli_g)| Reading::Acceleration { axis, milli_g: i32::from(milli_g) })
    };
    let acceleration = values.acceleration_vector_as_milli_g().map(along);
    let readings = [
        values.measurement_sequence_number().map(Reading::Sequence),
        temperature.map(Reading::Temperature),
        values.battery_potential_as_millivolts().map(Reading::BatteryMillivolts),
        movements,
    ];
    Ok(readings.into_iter().flatten().chain(acceleration.into_iter().flatten()).collect())
}

/// The same, in the terms of all sensors, and the measurement's number where there is one.
pub fn said(data: &[u8]) -> Result<(Vec<Said>, Option<u32>), RuuviError> {
    let readings = readings(data)?;
    let number = readings.iter().find_map(|reading| match reading {
        Reading::Sequence(number) => Some(*number),
        _ => None,
    });
    let said = readings.iter().filter_map(Reading::measure);
    Ok((said.map(|what| Said { channel: Channel::ONLY, what }).collect(), number))
}
