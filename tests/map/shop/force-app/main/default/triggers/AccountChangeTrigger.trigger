trigger AccountChangeTrigger on AccountChangeEvent (after insert) {
    MasterData.push('accounts');
}
