// Messages from the server to the page's components: props.value is {to: name, ...}.
watch("value", () => props.value?.to && studio.send(props.value.to, props.value));
