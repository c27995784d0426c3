import { LightningElement } from 'lwc';
import { subscribe } from 'lightning/empApi';

export default class OrderMonitor extends LightningElement {
    connectedCallback() {
        subscribe('/event/Order_Received__e', -1, (message) => this.show(message));
    }

    show(message) {
        this.latest = message.data.payload;
    }
}
