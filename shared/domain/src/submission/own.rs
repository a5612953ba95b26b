//! What a request says for itself in the place of the organisation's variables, as far as the parent allows it.

use crate::variables::OrgVariables;

/// The variables with a request's own settings. A variable that the parent has locked stays as it is, also where the lock is
/// newer than the request.
pub(super) struct OwnSettings {
    pub(super) variables: OrgVariables,
    /// Settings that differ from a locked variable.
    pub(super) refused: Vec<&'static str>,
}

impl OwnSettings {
    pub(super) fn new(variables: OrgVariables) -> Self {
        Self {
            variables,
            refused: Vec::new(),
        }
    }

    pub(super) fn take<T: PartialEq>(
        &mut self,
        name: &'static str,
        own: Option<T>,
        variable: impl FnOnce(&mut OrgVariables) -> &mut T,
    ) {
        let Some(own) = own else { return };
        let locked = self.variables.locked.contains(name);
        let variable = variable(&mut self.variables);
        if !locked {
            *variable = own;
        } else if *variable != own {
            self.refused.push(name);
        }
    }
}
