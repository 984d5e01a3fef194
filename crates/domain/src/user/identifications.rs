//! The identifications of a user who is created.

use super::{
    EmailAddress, PhoneNumber, User, Web3Wallet,
    create::CreateUser,
    identifier::{parse_email_address, parse_list, parse_phone_number, parse_web3_wallet},
};
use crate::{
    ids::IdentificationId,
    ports::Entropy,
    refusal::{ParameterProblem, ParameterRefusal},
    time::UnixMillis,
};

/// The e-mail addresses, phone numbers and wallets; the first of each kind is the primary one.
pub(super) fn add_identifications(
    user: &mut User,
    request: &CreateUser,
    now: UnixMillis,
    entropy: &dyn Entropy,
) -> Result<(), ParameterRefusal> {
    let mint = || IdentificationId::mint(now, entropy);
    let addresses = parse_list("email_address", &request.email_address, parse_email_address)?;
    let reserved = reservations(
        "email_address_identification_status",
        &request.email_address_identification_status,
        ("email_address", addresses.len()),
    )?;
    user.email_addresses = addresses
        .into_iter()
        .zip(reserved)
        .map(|(address, reserved)| EmailAddress {
            id: mint(),
            address,
            reserved,
            created_at: now,
            updated_at: now,
        })
        .collect();
    let numbers = parse_list("phone_number", &request.phone_number, parse_phone_number)?;
    let reserved = reservations(
        "phone_number_identification_status",
        &request.phone_number_identification_status,
        ("phone_number", numbers.len()),
    )?;
    user.phone_numbers = numbers
        .into_iter()
        .zip(reserved)
        .map(|(number, reserved)| PhoneNumber {
            id: mint(),
            number,
            reserved,
            created_at: now,
            updated_at: now,
        })
        .collect();
    user.web3_wallets = parse_list("web3_wallet", &request.web3_wallet, parse_web3_wallet)?
        .into_iter()
        .map(|address| Web3Wallet { id: mint(), address, created_at: now, updated_at: now })
        .collect();
    user.primary_email_address = user.email_addresses.first().map(|email| email.id.clone());
    user.primary_phone_number = user.phone_numbers.first().map(|phone| phone.id.clone());
    user.primary_web3_wallet = user.web3_wallets.first().map(|wallet| wallet.id.clone());
    Ok(())
}

/// Which items of the list `of` (its name and length) are reserved; without statuses none is.
fn reservations(
    name: &'static str,
    statuses: &[String],
    of: (&'static str, usize),
) -> Result<Vec<bool>, ParameterRefusal> {
    let refuse = |problem| ParameterRefusal::new(name, problem);
    let (other, length) = of;
    if statuses.is_empty() {
        return Ok(vec![false; length]);
    }
    if statuses.len() != length {
        return Err(refuse(ParameterProblem::LengthMismatch { other }));
    }
    let parse = |status: &String| match status.as_str() {
        "verified" => Ok(false),
        "reserved" => Ok(true),
        _ => Err(refuse(ParameterProblem::NotOneOf { allowed: &["verified", "reserved"] })),
    };
    statuses.iter().map(parse).collect()
}
