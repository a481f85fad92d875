//! Silence as Ogg Opus (RFC 3533, RFC 7845).

/// The three bytes that encode 20 ms of silence at 48 kHz (CELT, full band, mono).
const SILENT_PACKET: [u8; 3] = [0xf8, 0xff, 0xfe];
const SAMPLES_PER_PACKET: u64 = 960;
const PACKETS_PER_PAGE: usize = 50;

pub fn silence(seconds: f64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec(); // version 1, one channel
    head.extend_from_slice(&0_u16.to_le_bytes()); // nothing to skip
    head.extend_from_slice(&48_000_u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]); // no gain, mapping family 0
    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&4_u32.to_le_bytes());
    tags.extend_from_slice(b"mock");
    tags.extend_from_slice(&0_u32.to_le_bytes());

    let mut file = page(2, 0, 0, &[&head]);
    file.extend(page(0, 0, 1, &[&tags]));
    let packets = ((seconds * 50.0).ceil() as usize).max(1);
    let mut done = 0;
    let mut number = 2;
    while done < packets {
        let count = PACKETS_PER_PAGE.min(packets - done);
        done += count;
        let last = if done == packets { 4 } else { 0 };
        file.extend(page(last, done as u64 * SAMPLES_PER_PACKET, number, &vec![&SILENT_PACKET[..]; count]));
        number += 1;
    }
    file
}

/// One page; every packet is shorter than 255 bytes and so takes one entry of the table.
fn page(flags: u8, samples: u64, number: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend_from_slice(&samples.to_le_bytes());
    page.extend_from_slice(&1_u32.to_le_bytes()); // the stream's serial number
    page.extend_from_slice(&number.to_le_bytes());
    page.extend_from_slice(&[0; 4]); // the checksum's place
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|packet| packet.len() as u8));
    packets.iter().for_each(|packet| page.extend_from_slice(packet));
    let checksum = crc(&page).to_le_bytes();
    page.splice(22..26, checksum);
    page
}

/// Polynomial 0x04c11db7, not reflected, from zero.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { (crc << 1) ^ 0x04c1_1db7 }
        })
    })
}
