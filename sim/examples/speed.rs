fn main() {
    for chip in ruvllm_esp_sim::emulator::chip::ALL {
        println!("{:#?}", ruvllm_esp_sim::evaluation::emulator::speed(chip, 1_000_000_000));
    }
}
