// A list in this browser's own storage. It is read before each change, as another tab may have added to it.
export const storedList = (key) => {
    let here = null; // what there is, where the browser stores nothing for this page
    return {
        read() {
            if (here) return here;
            try {
                const found = JSON.parse(localStorage.getItem(key) ?? "[]");
                return Array.isArray(found) ? found : [];
            } catch {
                return []; // storage may be forbidden, as in a frame, and what is stored may be damaged
            }
        },
        // Return whether it is there still once the page was left.
        write(list) {
            try {
                localStorage.setItem(key, JSON.stringify(list));
                here = null;
            } catch {
                here = list;
            }
            return !here;
        },
        onChange(heard) {
            addEventListener("storage", (event) => event.key === key && heard()); // in another tab
        },
    };
};
