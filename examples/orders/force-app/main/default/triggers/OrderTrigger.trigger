trigger OrderTrigger on Order (after insert, after update) {
    OrderTriggerHandler handler = new OrderTriggerHandler();
    if (Trigger.isInsert) {
        handler.afterInsert(Trigger.new);
    } else {
        handler.afterUpdate(Trigger.new, Trigger.oldMap);
    }
}
