trigger OrderPlacedTrigger on Order_Placed__e (after insert) {
    List<Id> orderIds = new List<Id>();
    for (Order_Placed__e event : Trigger.new) {
        orderIds.add(event.Order_Id__c);
    }
    System.enqueueJob(new ErpOrderJob(orderIds));
}
