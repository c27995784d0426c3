trigger OrderReceivedTrigger on Order_Received__e (after insert) {
    System.enqueueJob(new WarehouseJob());
}
