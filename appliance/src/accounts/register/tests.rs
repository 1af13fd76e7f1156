use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn named(name: &str) -> UserName {
    name.parse().unwrap()
}

fn password(text: &str) -> PasswordHash {
    serde_json::from_value(serde_json::Value::from(text)).unwrap()
}

fn code(n: u8) -> CodeHash {
    CodeHash([n; 32])
}

fn user(name: &str, role: Role) -> User {
    User { name: named(name), email: None, role, password: password("first"), created: NOW, disabled: None }
}

fn invitation(name: &str, role: Role) -> Invitation {
    let ends = NOW.later_by(INVITATION_LIFE);
    Invitation { name: named(name), email: "e@plant.example".parse().ok(), role, ends }
}

/// With an administrator and whoever else there is.
fn register(others: &[User]) -> Register {
    let users = [vec![user("marta", Role::Administrator)], others.to_vec()].concat();
    Register { users, ..Register::default() }
}

/// As the store does.
fn apply(register: &mut Register, change: Change) {
    if let Some(user) = change.user {
        register.users.retain(|known| known.name.key() != user.name.key());
        register.users.push(user);
    }
    register.codes.retain(|(code, _)| !change.gone.contains(code));
    register.codes.extend(change.code);
}

#[test]
fn an_invitation_is_good_once_and_until_its_end() {
    let mut register = register(&[]);
    let change = register.invite(code(1), invitation("eve", Role::Viewer)).unwrap();
    apply(&mut register, change);
    assert_eq!(register.take_up(&code(2), password("x"), NOW), Err(Unfit::Code));
    let late = NOW.later_by(INVITATION_LIFE);
    assert_eq!(register.take_up(&code(1), password("x"), late), Err(Unfit::Code));
    let joined = register.take_up(&code(1), password("x"), NOW).unwrap();
    let eve = joined.user.clone().unwrap();
    assert_eq!((eve.role, eve.email.as_ref().map(Email::as_str)), (Role::Viewer, Some("e@plant.example")));
    apply(&mut register, joined);
    assert_eq!(register.take_up(&code(1), password("y"), NOW), Err(Unfit::Code));
}

#[test]
fn a_second_invitation_takes_the_place_of_the_first_and_one_can_be_taken_back() {
    let mut register = register(&[]);
    let change = register.invite(code(1), invitation("eve", Role::Administrator)).unwrap();
    apply(&mut register, change);
    let change = register.invite(code(2), invitation("Eve", Role::Viewer)).unwrap();
    apply(&mut register, change);
    assert_eq!(register.invitation(&code(1), NOW), Err(Unfit::Code));
    assert_eq!(register.invitation(&code(2), NOW).map(|found| found.role), Ok(Role::Viewer));
    let change = register.withdraw(&named("eve")).unwrap();
    apply(&mut register, change);
    assert_eq!(register.invitation(&code(2), NOW), Err(Unfit::Code));
    assert_eq!(register.withdraw(&named("eve")), Err(Unfit::Nobody(named("eve"))));
}

#[test]
fn a_name_that_somebody_has_is_nobody_elses() {
    let register = register(&[]);
    let taken = register.invite(code(1), invitation("MARTA", Role::Viewer));
    assert_eq!(taken, Err(Unfit::Taken(named("MARTA"))));
    assert_eq!(register.set_up(user("eve", Role::Administrator)), Err(Unfit::SetUp));
}

#[test]
fn somebody_is_always_left_who_can_let_people_in() {
    let marta = named("marta");
    let only = register(&[User { disabled: Some(NOW), ..user("ada", Role::Administrator) }]);
    assert_eq!(only.disable(&marta, NOW), Err(Unfit::LastAdministrator));
    assert_eq!(only.set_role(&marta, Role::ToolingManager), Err(Unfit::LastAdministrator));
    let two = register(&[user("ada", Role::Administrator)]);
    assert!(two.disable(&marta, NOW).is_ok() && two.set_role(&marta, Role::Viewer).is_ok());
}

#[test]
fn another_role_or_none_ends_sessions_and_codes() {
    let mut register = register(&[user("eve", Role::Administrator)]);
    let eve = named("eve");
    let change = register.give_code(&eve, code(1), NOW).unwrap();
    apply(&mut register, change);
    let ends = vec![Ends { user: eve.clone(), but: None }];
    let lower = register.set_role(&eve, Role::Viewer).unwrap();
    assert_eq!((&lower.ends, lower.gone.as_slice()), (&ends, [code(1)].as_slice()));
    assert_eq!(lower.acts[0].before.as_deref(), Some("administrator"));
    assert_eq!(lower.acts[0].after.as_deref(), Some("viewer"));
    let out = register.disable(&eve, NOW).unwrap();
    assert_eq!((&out.ends, out.gone.as_slice()), (&ends, [code(1)].as_slice()));
    assert_eq!(register.set_role(&eve, Role::Administrator), Ok(Change::default()), "nothing changes");
}

#[test]
fn a_code_for_another_password_changes_nothing_but_the_password() {
    let mut register = register(&[user("eve", Role::Technician)]);
    let eve = named("eve");
    let change = register.give_code(&eve, code(1), NOW).unwrap();
    apply(&mut register, change);
    let change = register.take_up(&code(1), password("second"), NOW).unwrap();
    apply(&mut register, change);
    assert_eq!(
        register.user(&eve),
        Some(&User { password: password("second"), ..user("eve", Role::Technician) })
    );
    let change = register.disable(&eve, NOW).unwrap();
    apply(&mut register, change);
    assert_eq!(register.give_code(&eve, code(1), NOW), Err(Unfit::Disabled(eve)));
}

#[test]
fn whoever_is_not_let_in_gets_in_by_no_code() {
    let mut register = register(&[user("eve", Role::Technician)]);
    let eve = named("eve");
    let change = register.give_code(&eve, code(1), NOW).unwrap();
    apply(&mut register, change);
    let codes = register.codes.clone();
    let change = register.disable(&eve, NOW).unwrap();
    apply(&mut register, change);
    // As if the code had been given at the same instant.
    register.codes = codes;
    assert_eq!(register.take_up(&code(1), password("x"), NOW), Err(Unfit::Code));
    let change = register.enable(&eve).unwrap();
    apply(&mut register, change);
    assert_eq!(register.user(&eve).unwrap().disabled, None);
}

#[test]
fn the_console_makes_an_administrator_of_anybody_for_two_hours() {
    let mut register = register(&[User { disabled: Some(NOW), ..user("eve", Role::Viewer) }]);
    let change = register.reset(&named("eve"), code(1), NOW).unwrap();
    assert_eq!(change.acts[0].before.as_deref(), Some("viewer, not let in"));
    apply(&mut register, change);
    let eve = register.user(&named("eve")).unwrap();
    assert_eq!((eve.role, eve.disabled), (Role::Administrator, None));
    assert!(register.invitation(&code(1), NOW.later_by(Duration::from_secs(7_199))).is_ok());
    assert_eq!(register.invitation(&code(1), NOW.later_by(RESET_LIFE)), Err(Unfit::Code));
    let change = register.reset(&named("new"), code(2), NOW).unwrap();
    apply(&mut register, change);
    let new = register.take_up(&code(2), password("x"), NOW).unwrap().user.unwrap();
    assert_eq!((new.name, new.role), (named("new"), Role::Administrator));
}
