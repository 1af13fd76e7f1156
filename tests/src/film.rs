//! What a camera sees: a label's code, as a film of one picture.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use qrcode::{Color, QrCode};

/// Four modules of white around the code, as ISO/IEC 18004 wants.
const MARGIN: usize = 4;
/// Pixels a module.
const MODULE: usize = 8;
const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// Writes a film (YUV4MPEG2, 4:2:0) that shows the QR code of a text.
pub fn of_code(path: &Path, text: &str) -> Result<()> {
    let code = QrCode::new(text).context("make a QR code")?;
    let (modules, side) = (code.to_colors(), code.width());
    let inside = |at: usize| (at / MODULE).checked_sub(MARGIN).filter(|module| *module < side);
    let mut luma = Vec::with_capacity(WIDTH * HEIGHT);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let module = inside(x).zip(inside(y)).map(|(column, row)| modules[row * side + column]);
            luma.push(if module == Some(Color::Dark) { 16 } else { 235 });
        }
    }
    let chroma = vec![128; WIDTH * HEIGHT / 2];
    let mut film = std::fs::File::create(path).context("make the film")?;
    writeln!(film, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip A1:1 C420jpeg")?;
    for _ in 0..2 {
        film.write_all(b"FRAME\n")?;
        film.write_all(&luma)?;
        film.write_all(&chroma)?;
    }
    Ok(())
}
