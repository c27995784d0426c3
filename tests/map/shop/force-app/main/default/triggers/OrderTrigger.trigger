trigger OrderTrigger on Order (after update) {
    System.enqueueJob(new ErpJob(Trigger.newMap.keySet()));
    CarrierClient.announce(Trigger.new[0].Id);
}
